import { equalBytes } from "../base/bytes.ts";
import { HLC_COUNTER_MAX, type Stamp } from "../base/hlc.ts";
import { keyOfNodeId, type NodeId, nodeIdOfKey, PUBLIC_KEY_BYTES } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { bytes, type Field, mapped, optional, record, text, uint } from "../base/tlv.ts";
import { type Dot, type Entry, KEY_BYTES_MAX, VALUE_BYTES_MAX } from "./entry.ts";

/** Identities met lately; base58 is too slow to redo for every entry. */
const IDENTITIES_MAX = 4_096;
/** As many as a number can hold. */
const START_BYTES = 6;

interface Met {
  readonly id: NodeId;
  readonly key: Uint8Array;
}

/** Turns identities into keys and back, remembering both. */
export class IdentityTable {
  /** By the first bytes of the key: of two that share them the later one is found. */
  private readonly byStart = new Map<number, Met>();
  private readonly byId = new Map<NodeId, Met>();

  idOf(key: Uint8Array): NodeId {
    const met = this.byStart.get(startOf(key));
    if (met !== undefined && equalBytes(met.key, key)) return met.id;
    return this.remember({ id: nodeIdOfKey(key), key: key.slice() }).id;
  }

  /** The 32 bytes behind an identity; the id is trusted to be one. */
  keyOf(id: NodeId): Uint8Array {
    const met = this.byId.get(id);
    if (met !== undefined) return met.key;
    return this.remember({ id, key: keyOfNodeId(id) ?? new Uint8Array(PUBLIC_KEY_BYTES) }).key;
  }

  private remember(met: Met): Met {
    if (this.byId.size >= IDENTITIES_MAX) {
      this.byStart.clear();
      this.byId.clear();
    }
    this.byStart.set(startOf(met.key), met);
    this.byId.set(met.id, met);
    return met;
  }
}

/** The first six bytes as a number; keys are as good as random there. */
function startOf(key: Uint8Array): number {
  let start = 0;
  for (let at = 0; at < START_BYTES; at += 1) start = start * 256 + (key[at] ?? 0);
  return start;
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
