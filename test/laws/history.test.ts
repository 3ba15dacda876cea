import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { toHex } from "../../src/base/bytes.ts";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { type Bucket, bucketOf, rollUp, uniteReadings } from "../../src/history/bucket.ts";
import { decodeJournal, encodeJournal } from "../../src/history/journal.ts";
import { OpenSpan } from "../../src/history/open-span.ts";
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
