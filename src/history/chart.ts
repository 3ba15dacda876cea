import { type Millis, SECOND_MS } from "../base/time.ts";
import type { Kind } from "../reading/kind.ts";
import { type Bucket, mergeBuckets } from "./bucket.ts";
import { fromSteps } from "./fixed-point.ts";

/** Buckets of one series in a row, each `lengthMs` long, on the asking node's clock. */
export interface Stretch {
  readonly lengthMs: Millis;
  /** The longest silence that its sensor promised. */
  readonly holdMs: Millis;
  readonly buckets: readonly Bucket[];
}

export interface ChartSpan {
  readonly fromMs: Millis;
  /** Not included. */
  readonly toMs: Millis;
  readonly stepMs: Millis;
}

/** Start of a step, and what was measured within it in the kind's unit. */
export interface ChartPoint {
  readonly atMs: Millis;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Readings are told by exception: a value holds until the next one, for as long as a reading
 * counts as fresh (`office/rooms.ts`), and then there is a gap.
 */
export function heldMs(holdMs: Millis): Millis {
  return 2 * holdMs + 15 * SECOND_MS;
}

/** The steps of a room's chart: each series weighs the same, however often it speaks. */
export function chart(
  kind: Kind,
  span: ChartSpan,
  series: readonly (readonly Stretch[])[],
): readonly ChartPoint[] {
  const lines = series.map((stretches) => line(span, stretches));
  const points: ChartPoint[] = [];
  for (let atMs = span.fromMs; atMs < span.toMs; atMs += span.stepMs) {
    const here = lines.map((steps) => steps.get(atMs)).filter((bucket) => bucket !== undefined);
    if (here.length === 0) continue;
    const means = here.reduce((sum, bucket) => sum + bucket.sum / bucket.count, 0);
    points.push({
      atMs,
      mean: fromSteps(kind, means / here.length),
      min: fromSteps(kind, Math.min(...here.map(({ min }) => min))),
      max: fromSteps(kind, Math.max(...here.map(({ max }) => max))),
    });
  }
  return points;
}

/** One series as buckets by the start of their step, silences that were promised filled. */
function line(span: ChartSpan, stretches: readonly Stretch[]): ReadonlyMap<Millis, Bucket> {
  const { fromMs, stepMs } = span;
  const steps = new Map<Millis, Bucket>();
  const ends = new Map<Millis, { readonly bucket: Bucket; readonly untilMs: Millis }>();
  for (const { buckets, lengthMs, holdMs } of stretches) {
    for (const bucket of buckets) {
      const atMs = fromMs + Math.floor((bucket.atMs - fromMs) / stepMs) * stepMs;
      const known = steps.get(atMs);
      steps.set(atMs, known === undefined ? bucket : mergeBuckets(known, bucket));
      const latest = ends.get(atMs);
      if (latest !== undefined && latest.bucket.atMs > bucket.atMs) continue;
      ends.set(atMs, { bucket, untilMs: bucket.atMs + lengthMs + heldMs(holdMs) });
    }
  }
  const starts = [...steps.keys()].sort((left, right) => left - right);
  for (const [place, atMs] of starts.entries()) {
    const end = ends.get(atMs);
    if (end === undefined) continue;
    const { sum, count } = end.bucket;
    const value = sum / count;
    const held = { ...end.bucket, count: 1, min: value, max: value, sum: value };
    const nextMs = Math.min(starts[place + 1] ?? span.toMs, span.toMs, end.untilMs);
    const first = Math.max(atMs + stepMs, fromMs);
    for (let fillMs = first; fillMs < nextMs; fillMs += stepMs) steps.set(fillMs, held);
  }
  return steps;
}
