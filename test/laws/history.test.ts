import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import fc from "fast-check";
import { toHex } from "../../src/base/bytes.ts";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { type Bucket, bucketOf, rollUp, uniteReadings } from "../../src/history/bucket.ts";
import { COPIES, holdersOf } from "../../src/history/holders.ts";
import { decodeJournal, encodeJournal } from "../../src/history/journal.ts";
import { decodeLetter, encodeLetter } from "../../src/history/letters.ts";
import { decodeManifest, encodeManifest } from "../../src/history/manifest.ts";
import { OpenSpan } from "../../src/history/open-span.ts";
import { decodePublished, encodePublished, PUBLISHED_MAX } from "../../src/history/published.ts";
import { decodeSegment, encodeSegment, type Segment } from "../../src/history/segment.ts";
import { without } from "../../src/history/spans.ts";
import { PLANS, type Tier } from "../../src/history/tiers.ts";

const HOUR_MS = PLANS.raw.spanMs;
const START_MS = 490_000 * HOUR_MS;
const SERIES = {
  origin: nodeIdOfKey(new Uint8Array(32).fill(7)),
  sensor: "climate",
  kind: "temperature",
  room: "kitchen",
} as const;

const reading = fc
  .tuple(fc.integer({ min: 0, max: HOUR_MS - 1 }), fc.integer({ min: -6_000, max: 12_500 }))
  .map(([offsetMs, steps]) => bucketOf(START_MS + offsetMs, steps));
const readings = fc.array(reading, { maxLength: 60 });

function rawSegment(buckets: readonly Bucket[], holdMs = 10_000): Segment {
  return { series: SERIES, tier: "raw", startMs: START_MS, holdMs, buckets };
}

function heard(buckets: readonly Bucket[]): OpenSpan {
  const span = new OpenSpan();
  for (const { atMs, sum } of buckets) span.add(atMs, sum, 10_000);
  return span;
}

const bodyOf = (buckets: Iterable<Bucket>) => toHex(encodeSegment(rawSegment([...buckets])));

test("a segment of any tier comes back as it was", () => {
  const tiers = fc.constantFrom<Tier>("raw", "minute", "hour");
  fc.assert(
    fc.property(readings, tiers, fc.nat(86_400_000), (all, tier, holdMs) => {
      const raw = uniteReadings(all, []);
      const { spanMs } = PLANS[tier];
      const startMs = Math.floor(START_MS / spanMs) * spanMs;
      const buckets = tier === "raw" ? raw : rollUp(raw, tier);
      const segment = { series: SERIES, tier, startMs, holdMs, buckets };
      assert.deepEqual(decodeSegment(encodeSegment(segment)), { ok: true, value: segment });
    }),
  );
});

test("the same readings have the same bytes, in whatever order and by whatever way they came", () => {
  fc.assert(
    fc.property(readings, fc.infiniteStream(fc.boolean()), (all, coins) => {
      const whole = bodyOf(uniteReadings(heard(all).readings(), []));
      const backwards = heard([...all].reverse());
      assert.equal(bodyOf(uniteReadings(backwards.readings(), [])), whole);
      // Two peers that heard a part each, some of it both, and told each other.
      const left = all.filter(() => coins.next().value);
      const right = all.filter((one) => !left.includes(one) || coins.next().value);
      assert.equal(bodyOf(uniteReadings(left, right)), whole);
      assert.equal(bodyOf(uniteReadings(right, left)), whole);
      assert.equal(bodyOf(uniteReadings(uniteReadings(left, right), left)), whole);
    }),
  );
});

test("the roll-up of what was merged is the merge of what was rolled up", () => {
  fc.assert(
    fc.property(readings, readings, (left, right) => {
      for (const tier of ["minute", "hour"] as const) {
        const together = rollUp([...left, ...right], tier);
        assert.deepEqual(rollUp([...rollUp(left, tier), ...rollUp(right, tier)], tier), together);
      }
      // Hours from minutes are hours from readings.
      assert.deepEqual(rollUp(rollUp(left, "minute"), "hour"), rollUp(left, "hour"));
    }),
  );
});

test("a roll-up loses no reading, and no mean is beyond its bounds", () => {
  fc.assert(
    fc.property(readings, (all) => {
      const minutes = rollUp(all, "minute");
      assert.equal(
        minutes.reduce((sum, { count }) => sum + count, 0),
        all.length,
      );
      for (const { min, max, sum, count } of minutes) {
        assert.ok(min <= sum / count && sum / count <= max);
      }
    }),
  );
});

test("any bytes give a result, never an exception, and what is taken can be told on", () => {
  const bent = fc.tuple(readings, fc.nat(), fc.nat(255)).map(([all, at, byte]) => {
    const body = encodeSegment(rawSegment(uniteReadings(all, [])));
    body[at % body.length] = byte;
    return body;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), bent), (bytes) => {
      const decoded = decodeSegment(bytes);
      if (decoded.ok) assert.deepEqual(decodeSegment(encodeSegment(decoded.value)), decoded);
      decodeJournal(bytes);
    }),
    { numRuns: 1_000 },
  );
});

test("a journal comes back as it was", () => {
  const one = fc.record({
    series: fc.integer({ min: 1, max: 8_192 }),
    atMs: fc.nat(4_000_000_000_000),
    steps: fc.integer({ min: -1e11, max: 1e11 }),
    holdMs: fc.nat(86_400_000),
  });
  fc.assert(
    fc.property(fc.array(one), (all) => {
      const plain = all.map((heard) => ({ ...heard }));
      assert.deepEqual(decodeJournal(encodeJournal(plain)), plain);
    }),
  );
});

test("spans without one of them hold every instant but its own", () => {
  const span = fc.tuple(fc.nat(50), fc.nat(50)).map(([from, more]) => [from, from + more] as const);
  fc.assert(
    fc.property(fc.array(span), span, (spans, gone) => {
      const left = without(spans, gone);
      const isIn =
        (at: number) =>
        ([from, to]: readonly [number, number]) =>
          from <= at && at < to;
      for (let at = 0; at <= 101; at++) {
        assert.equal(left.some(isIn(at)), spans.some(isIn(at)) && !isIn(at)(gone));
      }
    }),
  );
});

const ids = fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 20 });
const idOf = (number: number) => nodeIdOfKey(new Uint8Array(32).fill(number));
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
const hashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 8 });

test("three keep what one measured; all choose the same, and who goes moves only its own", () => {
  fc.assert(
    fc.property(ids, fc.nat(255), fc.nat(), (numbers, of, pick) => {
      const nodes = numbers.map(idOf);
      const origin = idOf(of);
      const chosen = holdersOf(origin, nodes, sha256);
      const others = nodes.filter((node) => node !== origin);
      assert.equal(chosen.length, Math.min(COPIES, others.length));
      assert.ok(!chosen.includes(origin));
      assert.deepEqual(holdersOf(origin, [...nodes].reverse(), sha256), chosen);
      const gone = nodes[pick % nodes.length];
      const after = holdersOf(
        origin,
        nodes.filter((node) => node !== gone),
        sha256,
      );
      for (const node of chosen) if (node !== gone) assert.ok(after.includes(node));
    }),
  );
});

test("letters, manifests and what is published come back as they were, and any bytes do no harm", () => {
  const tier = fc.constantFrom<Tier>("raw", "minute", "hour");
  const wanted = fc.constantFrom("manifest" as const, "segments" as const, "unsealed" as const);
  fc.assert(
    fc.property(hashes, tier, wanted, fc.nat(1_000_000), (parts, of, what, number) => {
      const startMs = number * PLANS[of].spanMs;
      const span = { origin: SERIES.origin, tier: of, startMs };
      const ask = { ...{ type: "ask" as const, nonce: number, wanted: what }, ...span };
      const asked = { ...ask, hashes: parts, skip: number };
      assert.deepEqual(decodeLetter(encodeLetter(asked)), { ok: true, value: asked });
      const given = { type: "give" as const, nonce: number, bodies: parts, rest: "more" as const };
      assert.deepEqual(decodeLetter(encodeLetter(given)), { ok: true, value: given });

      const manifest = encodeManifest({ ...span, parts });
      assert.equal(
        toHex(encodeManifest({ ...span, parts: [...parts].reverse() })),
        toHex(manifest),
      );
      const decoded = decodeManifest(manifest);
      assert.ok(decoded.ok && decoded.value.parts.length === parts.length);

      const closed = parts.map((hash, at) => ({ startMs: startMs + at * PLANS[of].spanMs, hash }));
      assert.deepEqual(decodePublished(of, encodePublished(of, [...closed].reverse())), closed);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), tier, (bytes, of) => {
      decodeLetter(bytes);
      decodeManifest(bytes);
      decodePublished(of, bytes);
    }),
    { numRuns: 500 },
  );
});

test("what an origin publishes has an end, and is the newest", () => {
  const hash = new Uint8Array(32);
  for (const [tier, max] of Object.entries(PUBLISHED_MAX) as [Tier, number][]) {
    const { spanMs } = PLANS[tier];
    const closed = Array.from({ length: 3 * max }, (_, at) => ({ startMs: at * spanMs, hash }));
    const encoded = encodePublished(tier, closed);
    const told = decodePublished(tier, encoded);
    assert.equal(told.length, max);
    assert.equal(told.at(-1)?.startMs, (3 * max - 1) * spanMs);
    assert.ok(encoded.length < 4_096, `${encoded.length}`);
  }
});
