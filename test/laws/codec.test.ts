import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { concatBytes } from "../../src/base/bytes.ts";
import { type Address, addressOf, nodeIdOfKey } from "../../src/base/id.ts";
import * as tlv from "../../src/base/tlv.ts";
import { createFrameCodec, WIRE_VERSION } from "../../src/overlay/codec.ts";
import type { Announcement, Message, MessageType, Peer } from "../../src/overlay/messages.ts";
import {
  ADDRESSES_MAX,
  ANNOUNCEMENTS_MAX,
  DELTA_ENTRIES_MAX,
  PEERS_MAX,
  ROWS_MAX,
  RUMOURS_MAX,
  TTL_MAX,
} from "../../src/overlay/parameters.ts";
import type { Dot, Entry } from "../../src/replica/entry.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { ROW_DIGEST_BYTES, type VectorRow } from "../../src/replica/sync.ts";
import { encodeHello, judgeHello } from "../../src/trust/hello.ts";
import type { Mesh } from "../../src/trust/membership.ts";

const frames = createFrameCodec(new IdentityTable());
const entries = createEntryCodec(new IdentityTable());

/** Objects like those that a decoder makes: with the ordinary prototype. */
function plain<T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(shape, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const raw = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });
const id = raw(32).map(nodeIdOfKey);
const number = fc.maxSafeNat();
const address: fc.Arbitrary<Address> = fc
  .tuple(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), fc.integer({ min: 1, max: 65_535 }))
  .map(([host, port]) => addressOf(host, port));
const addresses = fc.array(address, { maxLength: 3 });
const peer = plain<Peer>({ id, addresses });
const peers = fc.array(peer, { maxLength: 4 });
const dot = plain<Dot>({ incarnation: number, seq: number });
const round = fc.nat(255);
const ttl = fc.nat(TTL_MAX);
const announcement = plain<Announcement>({ origin: id, dot, round });
const announcements = fc.array(announcement, { maxLength: 4 });
const row = plain<VectorRow>({
  origin: id,
  position: dot,
  pending: dot,
  digest: raw(ROW_DIGEST_BYTES),
});

const positive = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const entry: fc.Arbitrary<Entry> = fc
  .record({
    origin: id,
    key: fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
    dot: plain<Dot>({ incarnation: positive, seq: positive }),
    stamp: plain<{ wallMs: number; counter: number }>({ wallMs: number, counter: fc.nat(65_535) }),
    value: fc.option(raw(0, 40), { nil: undefined }),
    signature: raw(64),
  })
  .map(({ signature, ...content }) => ({
    ...content,
    signature,
    body: entries.encode(content),
  }));

const only = <T extends string>(name: T) => fc.constant(name);
type OfType<T extends MessageType> = Extract<Message, { type: T }>;
const messages: { [T in MessageType]: fc.Arbitrary<OfType<T>> } = {
  join: plain({ type: only("join"), addresses }),
  "forward-join": plain({ type: only("forward-join"), joiner: peer, ttl }),
  neighbor: plain({
    type: only("neighbor"),
    priority: fc.constantFrom("high" as const, "low" as const),
    addresses,
  }),
  "neighbor-reply": plain({
    type: only("neighbor-reply"),
    answer: fc.constantFrom("accepted" as const, "refused" as const),
    contacts: peers,
  }),
  disconnect: plain({ type: only("disconnect"), contacts: peers }),
  shuffle: plain({ type: only("shuffle"), origin: peer, ttl, peers }),
  "shuffle-reply": plain({ type: only("shuffle-reply"), peers }),
  ping: plain({ type: only("ping"), nonce: number }),
  pong: plain({ type: only("pong"), nonce: number }),
  gossip: plain({
    type: only("gossip"),
    rumours: fc.array(plain({ entry, round }), { maxLength: 4 }),
  }),
  ihave: plain({ type: only("ihave"), announcements }),
  graft: plain({ type: only("graft"), wanted: announcements }),
  prune: plain({ type: only("prune") }),
  digest: plain({ type: only("digest"), digest: raw(32) }),
  vector: plain({
    type: only("vector"),
    rows: fc.array(row, { maxLength: 4 }),
    exchange: fc.constantFrom("one-way" as const, "both-ways" as const),
  }),
  delta: plain({
    type: only("delta"),
    origin: id,
    from: dot,
    to: dot,
    entries: fc.array(entry, { maxLength: 4 }),
    rest: fc.constantFrom("none" as const, "more" as const),
  }),
  history: plain({ type: only("history"), letter: raw(0, 40) }),
};
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  ...Object.values<fc.Arbitrary<Message>>(messages),
);

/** One field that no record here has. */
const strangeField = fc
  .tuple(fc.integer({ min: 100, max: 1_000_000 }), fc.oneof(number, raw(0, 20)))
  .map(([field, content]) => {
    const writer = new tlv.Writer();
    writer.varint(field * 8 + (typeof content === "number" ? 0 : 2));
    if (typeof content === "number") writer.varint(content);
    else writer.block(content);
    return writer.finish();
  });

/** Wrong in one of the ways in which a wire or a foe is wrong. */
const damage = fc.oneof(
  fc.nat().map((at) => (frame: Uint8Array) => frame.slice(0, at % (frame.length + 1))),
  raw(1, 20).map((more) => (frame: Uint8Array) => concatBytes([frame, more])),
  fc.array(fc.nat(), { minLength: 1, maxLength: 4 }).map((bits) => (frame: Uint8Array) => {
    const bent = frame.slice();
    for (const bit of bits) {
      const at = (bit >> 3) % bent.length;
      bent[at] = (bent[at] as number) ^ (1 << (bit % 8));
    }
    return bent;
  }),
);

for (const [type, arbitrary] of Object.entries<fc.Arbitrary<Message>>(messages)) {
  test(`decoding gives back the very ${type} that was encoded`, () => {
    fc.assert(
      fc.property(arbitrary, (message) => {
        assert.deepStrictEqual(frames.decode(frames.encode(message)), { ok: true, value: message });
      }),
    );
  });
}

test("any bytes give a result, never an exception", () => {
  fc.assert(
    fc.property(
      raw(0, 200),
      fc.constantFrom(1, 2, 3, 4, 6, 8, 16, 17, 32, 33, 34, 48),
      (tail, type) => {
        assert.equal(typeof frames.decode(tail).ok, "boolean");
        const frame = concatBytes([Uint8Array.of(WIRE_VERSION, type), tail]);
        assert.equal(typeof frames.decode(frame).ok, "boolean");
      },
    ),
    { numRuns: 1_000 },
  );
});

test("cut, lengthened and bent frames give a result, never an exception", () => {
  fc.assert(
    fc.property(anyMessage, damage, (message, harm) => {
      const result = frames.decode(harm(frames.encode(message)));
      assert.equal(typeof result.ok, "boolean");
    }),
    { numRuns: 1_000 },
  );
});

test("a message type of a newer version is unknown, not malformed", () => {
  const known = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 18, 19, 32, 33, 34]);
  const strange = fc.nat(100_000).filter((type) => !known.has(type));
  fc.assert(
    fc.property(strange, raw(0, 40), (type, tail) => {
      const writer = new tlv.Writer();
      writer.byte(WIRE_VERSION);
      writer.varint(type);
      const result = frames.decode(concatBytes([writer.finish(), tail]));
      assert.equal(result.ok ? "read" : result.error.kind, "unknown");
    }),
  );
});

test("fields of a newer version are passed over", () => {
  fc.assert(
    fc.property(
      anyMessage,
      fc.array(strangeField, { minLength: 1, maxLength: 3 }),
      (message, more) => {
        const frame = concatBytes([frames.encode(message), ...more]);
        assert.deepStrictEqual(frames.decode(frame), { ok: true, value: message });
      },
    ),
  );
});

test("an entry keeps fields of a newer version in its body, since they are signed", () => {
  fc.assert(
    fc.property(entry, strangeField, (known, more) => {
      const body = concatBytes([known.body, more]);
      const value = { ...known, body };
      assert.deepStrictEqual(entries.decode(body, known.signature), { ok: true, value });
    }),
  );
});

test("a length that lies is refused", () => {
  fc.assert(
    fc.property(
      anyMessage,
      raw(0, 20),
      fc.integer({ min: 1, max: 2 ** 50 }),
      (message, tail, more) => {
        const writer = new tlv.Writer();
        writer.varint(100 * 8 + 2);
        writer.varint(tail.length + more);
        const result = frames.decode(concatBytes([frames.encode(message), writer.finish(), tail]));
        assert.equal(result.ok ? "read" : result.error.kind, "malformed");
      },
    ),
  );
});

const one = <T>(arbitrary: fc.Arbitrary<T>): T =>
  fc.sample(arbitrary, { numRuns: 1, seed: 7 })[0] as T;
const times = <T>(item: T, count: number): T[] => Array.from({ length: count }, () => item);

test("a list is read up to its bound and refused beyond it", () => {
  const somebody = { id: one(id), addresses: [] };
  const something = one(entry);
  const cases: readonly [number, (count: number) => Message][] = [
    [ADDRESSES_MAX, (n) => ({ type: "join", addresses: times(addressOf("a", 1), n) })],
    [PEERS_MAX, (n) => ({ type: "disconnect", contacts: times(somebody, n) })],
    [PEERS_MAX, (n) => ({ type: "shuffle-reply", peers: times(somebody, n) })],
    [RUMOURS_MAX, (n) => ({ type: "gossip", rumours: times({ entry: something, round: 0 }, n) })],
    [ANNOUNCEMENTS_MAX, (n) => ({ type: "ihave", announcements: times(one(announcement), n) })],
    [ANNOUNCEMENTS_MAX, (n) => ({ type: "graft", wanted: times(one(announcement), n) })],
    [ROWS_MAX, (n) => ({ type: "vector", exchange: "one-way", rows: times(one(row), n) })],
    [
      DELTA_ENTRIES_MAX,
      (n) => ({ ...one(messages.delta), type: "delta", entries: times(something, n) }),
    ],
  ];
  for (const [most, make] of cases) {
    assert.equal(frames.decode(frames.encode(make(most))).ok, true, make(0).type);
    assert.equal(frames.decode(frames.encode(make(most + 1))).ok, false, make(0).type);
  }
});

test("a walk longer than allowed is refused", () => {
  const joiner = { id: one(id), addresses: [] };
  const frame = frames.encode({ type: "forward-join", joiner, ttl: TTL_MAX + 1 });
  assert.equal(frames.decode(frame).ok, false);
});

test("records of every kind of field come back as they were, and their bounds hold", () => {
  const codec = tlv.record({
    count: tlv.uint(1, 1_000),
    blob: tlv.bytes(2, 8, 2),
    real: tlv.real(3),
    name: tlv.optional(tlv.text(4, 16)),
    inner: tlv.nested(5, tlv.record({ deep: tlv.uint(1) })),
    list: tlv.many(tlv.uint(6), 4),
  });
  const shape = {
    count: fc.nat(1_000),
    blob: raw(2, 8),
    real: fc.double({ noNaN: true, noDefaultInfinity: true }),
    name: fc.option(fc.string({ unit: "binary", maxLength: 4 }), { nil: undefined }),
    inner: plain<{ deep: number }>({ deep: number }),
    list: fc.array(number, { maxLength: 4 }),
  };
  fc.assert(
    fc.property(plain(shape), fc.integer({ min: 1, max: 2 ** 40 }), (value, over) => {
      assert.deepStrictEqual(codec.decode(codec.encode(value)), { ok: true, value });
      const wrong = [
        { ...value, count: 1_000 + over },
        { ...value, blob: new Uint8Array(9 + (over % 100)) },
        { ...value, blob: new Uint8Array(over % 2) },
        { ...value, real: over % 2 === 0 ? Number.NaN : Number.POSITIVE_INFINITY },
        { ...value, name: "n".repeat(17 + (over % 100)) },
        { ...value, list: times(1, 5 + (over % 100)) },
      ];
      for (const broken of wrong) assert.equal(codec.decode(codec.encode(broken)).ok, false);
    }),
  );
  assert.equal(codec.decode(new Uint8Array()).ok, false, "fields that must be there");
});

test("a number over 2^53 and a wire type of no meaning are refused", () => {
  const codec = tlv.record({ count: tlv.optional(tlv.uint(1)) });
  const over = Uint8Array.of(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
  assert.equal(codec.decode(over).ok, false);
  for (const wire of [1, 3, 4, 5, 6, 7]) {
    assert.equal(codec.decode(Uint8Array.of(15 * 8 + wire, 0, 0, 0, 0, 0, 0, 0, 0)).ok, false);
  }
});

const MESH: Pick<Mesh, "id" | "admits"> = {
  id: nodeIdOfKey(new Uint8Array(32).fill(9)),
  admits: (_, credential) => credential.length > 0,
};
const OTHER: typeof MESH = { ...MESH, id: nodeIdOfKey(new Uint8Array(32).fill(8)) };
const hello = plain<{ boot: string; credential: Uint8Array; addresses: Address[] }>({
  boot: fc.string({ maxLength: 64 }),
  credential: raw(1, 100),
  addresses,
});

test("a hello is judged by its mesh and its credential", () => {
  fc.assert(
    fc.property(id, hello, (peerId, said) => {
      const value = { ...said, version: WIRE_VERSION };
      const sent = encodeHello({ mesh: MESH, ...said });
      assert.deepStrictEqual(judgeHello(MESH, peerId, sent), { ok: true, value });
      assert.deepStrictEqual(judgeHello(OTHER, peerId, sent), { ok: false, error: "not-member" });
      const bare = encodeHello({ mesh: MESH, ...said, credential: new Uint8Array() });
      assert.deepStrictEqual(judgeHello(MESH, peerId, bare), { ok: false, error: "not-member" });
    }),
  );
});

test("any bytes in the place of a hello give a result, never an exception", () => {
  fc.assert(
    fc.property(id, hello, damage, raw(0, 200), (peerId, said, harm, noise) => {
      assert.equal(judgeHello(MESH, peerId, noise).ok, false);
      const bent = harm(encodeHello({ mesh: MESH, ...said }));
      assert.equal(typeof judgeHello(MESH, peerId, bent).ok, "boolean");
    }),
    { numRuns: 500 },
  );
});
