import { type Address, parseAddress } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import {
  attempt,
  bytes,
  type Field,
  many,
  mapped,
  nested,
  Reader,
  type RecordCodec,
  record,
  text,
  uint,
  Writer,
} from "../base/tlv.ts";
import { type Entry, KEY_BYTES_MAX, SIGNATURE_BYTES, VALUE_BYTES_MAX } from "../replica/entry.ts";
import { createEntryCodec, type IdentityTable, identity } from "../replica/entry-codec.ts";
import { ROW_DIGEST_BYTES } from "../replica/sync.ts";
import type { Message, MessageType } from "./messages.ts";
import {
  ADDRESSES_MAX,
  ANNOUNCEMENTS_MAX,
  DELTA_ENTRIES_MAX,
  LETTER_BYTES_MAX,
  PEERS_MAX,
  ROWS_MAX,
  RUMOURS_MAX,
  TTL_MAX,
} from "./parameters.ts";

/**
 * A frame: one byte of wire version, one varint of message type, one record.
 *
 * | type | number | | type | number |
 * |---|---|---|---|---|
 * | join | 1 | | gossip | 16 |
 * | forward-join | 2 | | ihave | 17 |
 * | neighbor | 3 | | graft | 18 |
 * | neighbor-reply | 4 | | prune | 19 |
 * | disconnect | 5 | | digest | 32 |
 * | shuffle | 6 | | vector | 33 |
 * | shuffle-reply | 7 | | delta | 34 |
 * | ping, pong | 8, 9 | | history | 48 |
 */
export const WIRE_VERSION = 1;
/** The oldest that this build still speaks: the one before, once there is one. */
export const WIRE_VERSION_MIN = 1;

const NUMBERS: Readonly<Record<MessageType, number>> = {
  join: 1,
  "forward-join": 2,
  neighbor: 3,
  "neighbor-reply": 4,
  disconnect: 5,
  shuffle: 6,
  "shuffle-reply": 7,
  ping: 8,
  pong: 9,
  gossip: 16,
  ihave: 17,
  graft: 18,
  prune: 19,
  digest: 32,
  vector: 33,
  delta: 34,
  history: 48,
};

/** Longest `host:port`, bytes (RFC 1035's name and a port). */
const ADDRESS_BYTES_MAX = 262;
/** Room for the body's other fields and those of newer versions. */
const BODY_BYTES_MAX = KEY_BYTES_MAX + VALUE_BYTES_MAX + 1_024;

/** "unknown" frames are of a newer version: counted and passed over, never an error. */
export type DecodeFailure = { readonly kind: "unknown" | "malformed"; readonly detail: string };

export interface FrameCodec {
  /** In a wire version that the receiver understands; left out: this build's own. */
  encode(message: Message, version?: number): Uint8Array;
  decode(frame: Uint8Array): Result<Message, DecodeFailure>;
}

export function createFrameCodec(table: IdentityTable): FrameCodec {
  const codecs = messageCodecs(table);
  const types = new Map<number, MessageType>();
  for (const [type, number] of Object.entries(NUMBERS)) types.set(number, type as MessageType);
  return {
    encode: (message, version = WIRE_VERSION) => {
      const writer = new Writer();
      writer.byte(version);
      writer.varint(NUMBERS[message.type]);
      (codecs[message.type] as RecordCodec<Message>).put(writer, message);
      return writer.finish();
    },
    decode: (frame) => {
      const result = attempt(() => {
        const reader = new Reader(frame);
        // A newer version only ever adds types and fields, so its number is no reason to refuse.
        reader.varint();
        const type = types.get(reader.varint());
        if (type === undefined) return undefined;
        return { ...codecs[type].get(reader), type } as Message;
      });
      if (!result.ok) return err({ kind: "malformed", detail: result.error });
      if (result.value === undefined) return err({ kind: "unknown", detail: "message type" });
      return ok(result.value);
    },
  };
}

function choice<A extends string, B extends string>(id: number, zero: A, one: B) {
  return mapped(
    uint(id, 1),
    (value: A | B) => (value === one ? 1 : 0),
    (number): A | B => (number === 1 ? one : zero),
  );
}

/** Addresses of a peer, as a field. */
export function addresses(id: number): Field<Address, "many"> {
  return many(
    mapped(text(id, ADDRESS_BYTES_MAX), (address: Address) => address, parseAddress),
    ADDRESSES_MAX,
  );
}

function entryField(id: number, table: IdentityTable): Field<Entry, "one"> {
  const codec = createEntryCodec(table);
  const raw = record({
    body: bytes(1, BODY_BYTES_MAX),
    signature: bytes(2, SIGNATURE_BYTES, SIGNATURE_BYTES),
  });
  return mapped(
    nested(id, raw),
    (entry: Entry) => entry,
    ({ body, signature }) => {
      const decoded = codec.decode(body, signature);
      return decoded.ok ? decoded.value : undefined;
    },
  );
}

function messageCodecs(
  table: IdentityTable,
): Readonly<Record<MessageType, { put(w: Writer, m: never): void; get(r: Reader): object }>> {
  const peer = record({ id: identity(1, table), addresses: addresses(2) });
  const dot = record({ incarnation: uint(1), seq: uint(2) });
  const rumour = record({ entry: entryField(1, table), round: uint(2, 255) });
  const announcement = record({
    origin: identity(1, table),
    dot: nested(2, dot),
    round: uint(3, 255),
  });
  const row = record({
    origin: identity(1, table),
    position: nested(2, dot),
    pending: nested(3, dot),
    digest: bytes(4, ROW_DIGEST_BYTES, ROW_DIGEST_BYTES),
  });
  const peers = (id: number) => many(nested(id, peer), PEERS_MAX);
  const announcements = (id: number) => many(nested(id, announcement), ANNOUNCEMENTS_MAX);
  return {
    join: record({ addresses: addresses(1) }),
    "forward-join": record({ joiner: nested(1, peer), ttl: uint(2, TTL_MAX) }),
    neighbor: record({ priority: choice(1, "low", "high"), addresses: addresses(2) }),
    "neighbor-reply": record({ answer: choice(1, "refused", "accepted"), contacts: peers(2) }),
    disconnect: record({ contacts: peers(1) }),
    shuffle: record({ origin: nested(1, peer), ttl: uint(2, TTL_MAX), peers: peers(3) }),
    "shuffle-reply": record({ peers: peers(1) }),
    ping: record({ nonce: uint(1) }),
    pong: record({ nonce: uint(1) }),
    gossip: record({ rumours: many(nested(1, rumour), RUMOURS_MAX) }),
    ihave: record({ announcements: announcements(1) }),
    graft: record({ wanted: announcements(1) }),
    prune: record({}),
    digest: record({ digest: bytes(1, 32, 32) }),
    vector: record({
      rows: many(nested(1, row), ROWS_MAX),
      exchange: choice(2, "one-way", "both-ways"),
    }),
    delta: record({
      origin: identity(1, table),
      from: nested(2, dot),
      to: nested(3, dot),
      entries: many(entryField(4, table), DELTA_ENTRIES_MAX),
      rest: choice(5, "none", "more"),
    }),
    history: record({ letter: bytes(1, LETTER_BYTES_MAX) }),
  };
}
