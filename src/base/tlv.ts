import { fromUtf8, utf8 } from "./bytes.ts";
import { err, ok, type Result } from "./result.ts";

/**
 * Records of numbered fields, in Protocol Buffers' wire format (varint and length-delimited types
 * only). A reader skips fields that it does not know, so two versions can share a mesh; every
 * length has a bound, and whatever breaks one is refused whole.
 */
export type Arity = "one" | "optional" | "many";

export interface Field<T, A extends Arity> {
  readonly id: number;
  readonly wire: 0 | 2;
  readonly arity: A;
  readonly countMax: number;
  put(writer: Writer, value: T): void;
  get(reader: Reader): T;
}

/** A field of whatever type; a record's shape is made of these. */
interface AnyField {
  readonly id: number;
  readonly wire: 0 | 2;
  readonly arity: Arity;
  readonly countMax: number;
  put(writer: Writer, value: never): void;
  get(reader: Reader): unknown;
}

type ValueOf<F> =
  F extends Field<infer T, infer A>
    ? A extends "many"
      ? readonly T[]
      : A extends "optional"
        ? T | undefined
        : T
    : never;
type OptionalKeys<S> = {
  [K in keyof S]: S[K] extends Field<infer _, "optional"> ? K : never;
}[keyof S];
/** What is optional may be left out. */
export type RecordOf<S> = {
  readonly [K in Exclude<keyof S, OptionalKeys<S>>]: ValueOf<S[K]>;
} & { readonly [K in OptionalKeys<S>]?: ValueOf<S[K]> };

/** A record's two directions. `decode` gives the reason where the bytes are none. */
export interface RecordCodec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): Result<T>;
  put(writer: Writer, value: T): void;
  get(reader: Reader): T;
}

/**
 * Thrown inside this file's readers only; `decode` turns it into a result. No Error: its stack
 * would make refusing a frame of nonsense 3.5 times as dear. Measured.
 */
class Malformed {
  constructor(readonly message: string) {}
}

const VARINT_BYTES_MAX = 8;

/** Most frames are shorter. A guess. */
const SPARE_BYTES = 1_024;
/** One for each level of records within records. */
const SPARES_MAX = 8;

const NOTHING = new Uint8Array();

/** Buffers of writers that have finished: to make one costs more than to fill it. Measured. */
const spares: Uint8Array[] = [];

/** Grows as it is written to. Of no use once it has finished. */
export class Writer {
  private bytes = spares.pop() ?? new Uint8Array(SPARE_BYTES);
  private length = 0;

  /** A whole number in [0, 2^53). */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  block(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** A record within this one, with its length before it. */
  nested(put: (writer: Writer) => void): void {
    const inner = new Writer();
    put(inner);
    this.block(inner.bytes.subarray(0, inner.length));
    inner.giveBack();
  }

  finish(): Uint8Array {
    const written = this.bytes.slice(0, this.length);
    this.giveBack();
    return written;
  }

  private giveBack(): void {
    if (this.bytes.length === SPARE_BYTES && spares.length < SPARES_MAX) spares.push(this.bytes);
    this.bytes = NOTHING;
    this.length = 0;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const size = Math.max(this.bytes.length * 2, this.length + more, SPARE_BYTES);
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

/** Reads forward only, and never past the end. */
export class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < VARINT_BYTES_MAX; count++) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new Malformed("ends inside a number");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new Malformed("a number over 2^53");
        return value;
      }
      scale *= 0x80;
    }
    throw new Malformed("a number over 8 bytes");
  }

  block(): Uint8Array {
    const length = this.varint();
    if (length > this.bytes.length - this.at) throw new Malformed("a length that lies");
    const block = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return block;
  }

  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 2) this.block();
    else throw new Malformed(`wire type ${wire}`);
  }
}

function field<T>(
  id: number,
  wire: 0 | 2,
  put: (writer: Writer, value: T) => void,
  get: (reader: Reader) => T,
): Field<T, "one"> {
  return { id, wire, arity: "one", countMax: 1, put, get };
}

/** A whole number in [0, max]; `max` at most 2^53 - 1. */
export function uint(id: number, max = Number.MAX_SAFE_INTEGER): Field<number, "one"> {
  return field(
    id,
    0,
    (writer, value) => writer.varint(value),
    (reader) => {
      const value = reader.varint();
      if (value > max) throw new Malformed(`field ${id} over ${max}`);
      return value;
    },
  );
}

/** Bytes, `min` to `max` long. */
export function bytes(id: number, max: number, min = 0): Field<Uint8Array, "one"> {
  return field(
    id,
    2,
    (writer, value) => writer.block(value),
    (reader) => {
      const block = reader.block();
      if (block.length < min || block.length > max) throw new Malformed(`field ${id}'s length`);
      // A copy, so that a small value never keeps a whole frame in memory. Not slice(): that of
      // Node's Buffer is a view.
      return new Uint8Array(block);
    },
  );
}

/** A 64-bit floating point number, little end first; never NaN or infinite. */
export function real(id: number): Field<number, "one"> {
  return mapped(
    bytes(id, 8, 8),
    (value: number) => new Uint8Array(new Float64Array([value]).buffer),
    (raw) => {
      const value = new Float64Array(new Uint8Array(raw).buffer)[0];
      return value !== undefined && Number.isFinite(value) ? value : undefined;
    },
  );
}

/** UTF-8 text of at most `max` bytes. */
export function text(id: number, max: number): Field<string, "one"> {
  return field(
    id,
    2,
    (writer, value) => writer.block(utf8(value)),
    (reader) => {
      const block = reader.block();
      const value = block.length > max ? undefined : fromUtf8(block);
      if (value === undefined) throw new Malformed(`field ${id} is not a text of ${max} bytes`);
      return value;
    },
  );
}

/** A record inside a record. */
export function nested<T>(id: number, codec: RecordCodec<T>): Field<T, "one"> {
  return field(
    id,
    2,
    (writer, value) => writer.nested((inner) => codec.put(inner, value)),
    (reader) => codec.get(new Reader(reader.block())),
  );
}

/** A field mapped to a type of its own; `from` gives undefined for what is none. */
export function mapped<Raw, T>(
  raw: Field<Raw, "one">,
  to: (value: T) => Raw,
  from: (value: Raw) => T | undefined,
): Field<T, "one"> {
  return field(
    raw.id,
    raw.wire,
    (writer, value) => raw.put(writer, to(value)),
    (reader) => {
      const value = from(raw.get(reader));
      if (value === undefined) throw new Malformed(`field ${raw.id}'s value`);
      return value;
    },
  );
}

export function optional<T>(inner: Field<T, "one">): Field<T, "optional"> {
  return { ...inner, arity: "optional" };
}

/** Up to `countMax` values. */
export function many<T>(inner: Field<T, "one">, countMax: number): Field<T, "many"> {
  return { ...inner, arity: "many", countMax };
}

/** A record of named fields; their numbers go over the wire, their names don't. */
export function record<S extends Readonly<Record<string, AnyField>>>(
  shape: S,
): RecordCodec<RecordOf<S>> {
  const fields = Object.entries(shape) as unknown as [string, Field<unknown, Arity>][];
  const byId = new Map(fields.map(([name, spec]) => [spec.id, [name, spec] as const]));

  const put = (writer: Writer, value: RecordOf<S>) => {
    for (const [name, spec] of fields) {
      const content = (value as Record<string, unknown>)[name];
      const items = spec.arity === "many" ? (content as unknown[]) : [content];
      for (const item of items) {
        if (item === undefined) continue;
        writer.varint(spec.id * 8 + spec.wire);
        spec.put(writer, item);
      }
    }
  };
  const get = (reader: Reader) => readFields<RecordOf<S>>(reader, fields, byId);
  return {
    put,
    get,
    encode: (value) => {
      const writer = new Writer();
      put(writer, value);
      return writer.finish();
    },
    decode: (input) => attempt(() => get(new Reader(input))),
  };
}

/** Runs a reader over untrusted bytes: what is malformed becomes an error, the rest passes. */
export function attempt<T>(read: () => T): Result<T> {
  try {
    return ok(read());
  } catch (error) {
    if (error instanceof Malformed) return err(error.message);
    throw error;
  }
}

function readFields<T>(
  reader: Reader,
  fields: readonly [string, Field<unknown, Arity>][],
  byId: ReadonlyMap<number, readonly [string, Field<unknown, Arity>]>,
): T {
  const value: Record<string, unknown> = {};
  for (const [name, spec] of fields) value[name] = spec.arity === "many" ? [] : undefined;
  while (!reader.done) {
    const tag = reader.varint();
    const wire = tag % 8;
    const found = byId.get((tag - wire) / 8);
    if (found === undefined || found[1].wire !== wire) {
      reader.skip(wire);
      continue;
    }
    const [name, spec] = found;
    if (spec.arity !== "many") value[name] = spec.get(reader);
    else {
      const items = value[name] as unknown[];
      if (items.length >= spec.countMax) throw new Malformed(`field ${spec.id} too often`);
      items.push(spec.get(reader));
    }
  }
  for (const [name, spec] of fields) {
    if (spec.arity === "one" && value[name] === undefined) {
      throw new Malformed(`field ${spec.id} is missing`);
    }
  }
  return value as T;
}
