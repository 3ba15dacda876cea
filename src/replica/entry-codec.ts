import { HLC_COUNTER_MAX, type Stamp } from "../base/hlc.ts";
import { keyOfNodeId, type NodeId, nodeIdOfKey, PUBLIC_KEY_BYTES } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { bytes, type Field, mapped, optional, record, text, uint } from "../base/tlv.ts";
import { type Dot, type Entry, KEY_BYTES_MAX, VALUE_BYTES_MAX } from "./entry.ts";

/** Identities met lately; base58 is too slow to redo for every entry. */
const IDENTITIES_MAX = 4_096;

/** Turns identities into keys and back, remembering both. */
export class IdentityTable {
  private readonly ids = new Map<string, NodeId>();
  private readonly keys = new Map<NodeId, Uint8Array>();

  idOf(key: Uint8Array): NodeId {
    const name = String.fromCharCode(...key);
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const id = nodeIdOfKey(key);
    this.remember(name, id, key);
    return id;
  }

  /** The 32 bytes behind an identity; the id is trusted to be one. */
  keyOf(id: NodeId): Uint8Array {
    const known = this.keys.get(id);
    if (known !== undefined) return known;
    const key = keyOfNodeId(id) ?? new Uint8Array(PUBLIC_KEY_BYTES);
    this.remember(String.fromCharCode(...key), id, key);
    return key;
  }

  private remember(name: string, id: NodeId, key: Uint8Array): void {
    if (this.ids.size >= IDENTITIES_MAX) {
      this.ids.clear();
      this.keys.clear();
    }
    this.ids.set(name, id);
    this.keys.set(id, key.slice());
  }
}

/** An identity as a field of a record. */
export function identity(id: number, table: IdentityTable): Field<NodeId, "one"> {
  return mapped(
    bytes(id, PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES),
    (node: NodeId) => table.keyOf(node),
    (key) => table.idOf(key),
  );
}

export interface EntryContent {
  readonly origin: NodeId;
  readonly key: string;
  readonly dot: Dot;
  readonly stamp: Stamp;
  readonly value: Uint8Array | undefined;
}

/** The body of an entry: the bytes that its origin signs. */
export interface EntryCodec {
  encode(content: EntryContent): Uint8Array;
  /** Puts an entry together again from what came over the wire or out of the store. */
  decode(body: Uint8Array, signature: Uint8Array): Result<Entry>;
}

export function createEntryCodec(table: IdentityTable): EntryCodec {
  const body = record({
    origin: identity(1, table),
    incarnation: uint(2),
    seq: uint(3),
    key: text(4, KEY_BYTES_MAX),
    wallMs: uint(5),
    counter: uint(6, HLC_COUNTER_MAX),
    value: optional(bytes(7, VALUE_BYTES_MAX)),
  });
  return {
    encode: ({ origin, key, dot, stamp, value }) =>
      body.encode({ origin, key, value, ...dot, ...stamp }),
    decode: (encoded, signature) => {
      const decoded = body.decode(encoded);
      if (!decoded.ok) return decoded;
      const { origin, key, incarnation, seq, wallMs, counter, value } = decoded.value;
      if (incarnation < 1 || seq < 1 || key.length === 0) return err("a dot or key of nothing");
      const dot = { incarnation, seq };
      const stamp = { wallMs, counter };
      return ok({ origin, key, dot, stamp, value, body: encoded, signature });
    },
  };
}
