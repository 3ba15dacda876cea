import { concatBytes } from "../../src/base/bytes.ts";
import { pick, type Random, randomInt } from "../../src/base/random.ts";
import { Reader, Writer } from "../../src/base/tlv.ts";
import { INPUT_BYTES_MAX } from "./mutate-bytes.ts";

/** Records inside records that are looked into. */
const DEPTH_MAX = 6;
/** A frame begins with its version and type. */
const FRAME_HEAD_BYTES = 2;
const COPIES_LOG2_MAX = 12;

interface NumberField {
  readonly id: number;
  readonly number: number;
}
interface BlockField {
  readonly id: number;
  readonly head: Uint8Array;
  /** Undefined where the block is no record. */
  readonly fields: Field[] | undefined;
  readonly bytes: Uint8Array;
}
type Field = NumberField | BlockField;

/**
 * One change of a record's fields, with all lengths right again, so that what is behind the
 * reader is reached. Undefined where the input is no record.
 */
export function changeFields(input: Uint8Array, random: Random): Uint8Array | undefined {
  const root = blockOf(0, input, DEPTH_MAX);
  if (root.fields === undefined) return undefined;
  change(root.fields, random);
  return concatBytes([root.head, encode(root.fields)]);
}

function blockOf(id: number, bytes: Uint8Array, depth: number): BlockField {
  for (const skip of depth > 0 && bytes.length > 0 ? [0, FRAME_HEAD_BYTES] : []) {
    const fields = fieldsOf(bytes.subarray(skip), depth - 1);
    if (fields !== undefined) return { id, head: bytes.subarray(0, skip), fields, bytes };
  }
  return { id, head: new Uint8Array(), fields: undefined, bytes };
}

function fieldsOf(bytes: Uint8Array, depth: number): Field[] | undefined {
  const fields: Field[] = [];
  try {
    const reader = new Reader(bytes);
    while (!reader.done) {
      const tag = reader.varint();
      const id = Math.floor(tag / 8);
      if (tag % 8 === 0) fields.push({ id, number: reader.varint() });
      else if (tag % 8 === 2) fields.push(blockOf(id, reader.block(), depth));
      else return undefined;
    }
  } catch {
    return undefined;
  }
  return fields;
}

function encode(fields: readonly Field[]): Uint8Array {
  const writer = new Writer();
  for (const field of fields) {
    writer.varint(field.id * 8 + ("number" in field ? 0 : 2));
    if ("number" in field) writer.varint(field.number);
    else if (field.fields === undefined) writer.block(field.bytes);
    else writer.block(concatBytes([field.head, encode(field.fields)]));
  }
  return writer.finish();
}

/** Changes one place of the tree; mostly deep down. */
function change(fields: Field[], random: Random): void {
  const at = randomInt(random, fields.length);
  const field = fields[at];
  if (field === undefined) return;
  const inner = "fields" in field ? field.fields : undefined;
  if (inner !== undefined && random.next() < 0.7) return change(inner, random);
  const { id } = field;
  switch (randomInt(random, 6)) {
    case 0:
      fields.splice(at, 1);
      return;
    case 1: {
      const drawn = Math.floor(2 ** (random.next() ** 3 * COPIES_LOG2_MAX));
      const copies = Math.min(drawn, Math.floor(INPUT_BYTES_MAX / encode([field]).length));
      fields.splice(at, 0, ...Array.from({ length: copies }, () => field));
      return;
    }
    case 2:
      fields.push(...fields.splice(at, 1));
      return;
    case 3:
      fields[at] = { ...field, id: randomInt(random, 12) } as Field;
      return;
    case 4:
      fields[at] = { id, number: numberFrom(random) };
      return;
    default:
      fields[at] = { id, head: new Uint8Array(), fields: undefined, bytes: blockFrom(random) };
  }
}

function numberFrom(random: Random): number {
  const edges = [0, 1, 2, 127, 128, 255, 65_536, 2 ** 32, 2 ** 32 - 1, Number.MAX_SAFE_INTEGER];
  return pick(random, edges) ?? 0;
}

function blockFrom(random: Random): Uint8Array {
  const lengths = [0, 1, 8, 31, 32, 33, 64, 65, 160, 161, 1_024, 8_192, 8_193, 20_000];
  const bytes = new Uint8Array(pick(random, lengths) ?? 0);
  const fill = randomInt(random, 3);
  return bytes.map(() => (fill === 0 ? 0 : fill === 1 ? 0x61 : randomInt(random, 256)));
}
