import { fromUtf8, utf8 } from "../base/bytes.ts";
import { type NodeId, parseNodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Millis } from "../base/time.ts";
import { attempt, Reader, Writer } from "../base/tlv.ts";
import { isKind, isPlausible, type Kind } from "../reading/kind.ts";
import type { Bucket } from "./bucket.ts";
import { fromSteps } from "./fixed-point.ts";
import { getSigned, putSigned } from "./signed.ts";
import { PLANS, spanStart, TIERS, type Tier } from "./tiers.ts";

/** What is told apart: one kind of one sensor in one room. */
export interface SeriesName {
  readonly origin: NodeId;
  readonly sensor: string;
  readonly kind: Kind;
  readonly room: string;
}

/** One series over one span of a tier. */
export interface Segment {
  readonly series: SeriesName;
  readonly tier: Tier;
  /** On the origin's own clock, as all its times here. */
  readonly startMs: Millis;
  /** The longest silence to expect between two readings. */
  readonly holdMs: Millis;
  /** By time, no two at one. */
  readonly buckets: readonly Bucket[];
}

const FORMAT = 1;
/** One reading a second for an hour; whoever measures faster is remembered in part. A guess. */
export const BUCKETS_MAX = 3_600;
/** The longest body there can be of honest data: 12 bytes a bucket (measured: 3 to 8). */
export const SEGMENT_BYTES_MAX = 48 * 1024;
const NAME_BYTES_MAX = 64;

export function seriesKey({ origin, sensor, kind, room }: SeriesName): string {
  return [origin, sensor, kind, room].join("\0");
}

/**
 * The bytes of a segment: the same on every peer that has the same readings. Format 1: identity,
 * then columns as differences in varints, since neighbours in time are alike.
 */
export function encodeSegment({ series, tier, startMs, holdMs, buckets }: Segment): Uint8Array {
  const writer = new Writer();
  writer.varint(FORMAT);
  for (const text of [series.origin, series.sensor, series.kind, series.room]) {
    writer.block(utf8(text));
  }
  const { bucketMs } = PLANS[tier];
  for (const number of [TIERS.indexOf(tier), startMs, holdMs, buckets.length]) {
    writer.varint(number);
  }
  let atMs = startMs;
  let last = 0;
  for (const bucket of buckets) {
    writer.varint((bucket.atMs - atMs) / bucketMs);
    putSigned(writer, bucket.min - last);
    ({ atMs, min: last } = bucket);
    if (tier === "raw") continue;
    writer.varint(bucket.count);
    writer.varint(bucket.max - bucket.min);
    writer.varint(bucket.sum - bucket.min * bucket.count);
  }
  return writer.finish();
}

/** Reads what may come from anybody: whatever no honest peer encodes is refused. */
export function decodeSegment(body: Uint8Array): Result<Segment> {
  if (body.length > SEGMENT_BYTES_MAX) return err("a segment that is too long");
  const read = attempt(() => readSegment(new Reader(body)));
  return read.ok ? read.value : read;
}

function readSegment(reader: Reader): Result<Segment> {
  if (reader.varint() !== FORMAT) return err("a segment of another format");
  const [origin, sensor, kind, room] = [0, 1, 2, 3].map(() => fromUtf8(reader.block()));
  const tier = TIERS[reader.varint()];
  const [startMs, holdMs, count] = [reader.varint(), reader.varint(), reader.varint()];
  const id = parseNodeId(origin ?? "");
  if (id === undefined || kind === undefined || !isKind(kind)) return err("a segment of nobody");
  if (!isShort(sensor) || !isShort(room)) return err("a segment without a name");
  if (tier === undefined || spanStart(tier, startMs) !== startMs) return err("no such span");
  if (count > BUCKETS_MAX) return err("too many readings in a segment");
  const buckets: Bucket[] = [];
  const { bucketMs, spanMs } = PLANS[tier];
  let atMs = startMs;
  let last = 0;
  for (let at = 0; at < count; at++) {
    const moreMs = reader.varint() * bucketMs;
    if (at > 0 && moreMs === 0) return err("two readings at one instant");
    atMs += moreMs;
    last += getSigned(reader);
    const bucket = tier === "raw" ? single(atMs, last) : readBucket(reader, atMs, last);
    if (atMs >= startMs + spanMs || !isHonest(kind, bucket)) return err("a reading that can't be");
    buckets.push(bucket);
  }
  if (!reader.done) return err("more than a segment");
  return ok({ series: { origin: id, sensor, kind, room }, tier, startMs, holdMs, buckets });
}

function single(atMs: Millis, steps: number): Bucket {
  return { atMs, count: 1, min: steps, max: steps, sum: steps };
}

function readBucket(reader: Reader, atMs: Millis, min: number): Bucket {
  const [count, spread, excess] = [reader.varint(), reader.varint(), reader.varint()];
  return { atMs, count, min, max: min + spread, sum: min * count + excess };
}

function isHonest(kind: Kind, { count, min, max, sum }: Bucket): boolean {
  if (count < 1 || !Number.isSafeInteger(sum) || sum > max * count) return false;
  return isPlausible(kind, fromSteps(kind, min)) && isPlausible(kind, fromSteps(kind, max));
}

function isShort(text: string | undefined): text is string {
  return text !== undefined && text !== "" && text.length <= NAME_BYTES_MAX;
}
