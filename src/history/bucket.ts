import type { Millis } from "../base/time.ts";
import { PLANS, type Tier } from "./tiers.ts";

/** What was measured within a span that begins at `atMs`. Values are steps of the kind. */
export interface Bucket {
  readonly atMs: Millis;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
}

/** A single reading. */
export function bucketOf(atMs: Millis, steps: number): Bucket {
  return { atMs, count: 1, min: steps, max: steps, sum: steps };
}

/** Two buckets of one span as one: associative and commutative, since steps are whole numbers. */
export function mergeBuckets(left: Bucket, right: Bucket): Bucket {
  return {
    atMs: Math.min(left.atMs, right.atMs),
    count: left.count + right.count,
    min: Math.min(left.min, right.min),
    max: Math.max(left.max, right.max),
    sum: left.sum + right.sum,
  };
}

/** Buckets, in any order, as those of a coarser tier, by time. */
export function rollUp(finer: Iterable<Bucket>, to: Tier): Bucket[] {
  const { bucketMs } = PLANS[to];
  const byStart = new Map<Millis, { -readonly [K in keyof Bucket]: Bucket[K] }>();
  for (const { atMs, count, min, max, sum } of finer) {
    const startMs = Math.floor(atMs / bucketMs) * bucketMs;
    const known = byStart.get(startMs);
    if (known === undefined) byStart.set(startMs, { atMs: startMs, count, min, max, sum });
    else {
      known.count += count;
      known.min = Math.min(known.min, min);
      known.max = Math.max(known.max, max);
      known.sum += sum;
    }
  }
  return [...byStart.values()].sort((left, right) => left.atMs - right.atMs);
}

/**
 * Readings that two peers heard, together. Of two at one instant the higher stays: one origin
 * writes no two, but a clone or a clock that repeats a moment may.
 */
export function uniteReadings(left: Iterable<Bucket>, right: Iterable<Bucket>): Bucket[] {
  const byAt = new Map<Millis, Bucket>();
  for (const readings of [left, right]) {
    for (const reading of readings) {
      const known = byAt.get(reading.atMs);
      if (known === undefined || known.sum < reading.sum) byAt.set(reading.atMs, reading);
    }
  }
  return [...byAt.values()].sort((one, other) => one.atMs - other.atMs);
}
