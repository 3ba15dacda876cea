import type { Millis } from "../base/time.ts";
import { bytes, many, nested, record, uint } from "../base/tlv.ts";
import { HASH_BYTES } from "./manifest.ts";
import { PLANS, TIERS, type Tier } from "./tiers.ts";

const PREFIX = "history/";
/**
 * Spans that an origin tells of in each tier: as long as the default retention. An entry each, so
 * that of 4 kB only the first, 2 kB, is told anew every hour.
 */
export const PUBLISHED_MAX: Readonly<Record<Tier, number>> = { raw: 48, minute: 32, hour: 75 };
const SPANS_MAX = 128;

/** A span that its origin has closed, and the hash of its manifest. */
export interface ClosedSpan {
  readonly startMs: Millis;
  readonly hash: Uint8Array;
}

const span = record({ index: uint(1), hash: bytes(2, HASH_BYTES, HASH_BYTES) });
const spans = record({ closed: many(nested(1, span), SPANS_MAX) });

export function publishedKey(tier: Tier): string {
  return PREFIX + tier;
}

/** The tier of which a key tells, or undefined for other keys. */
export function parsePublishedKey(key: string): Tier | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  return TIERS.find((tier) => tier === key.slice(PREFIX.length));
}

/** The newest spans of all that are given, by time. */
export function encodePublished(tier: Tier, closed: Iterable<ClosedSpan>): Uint8Array {
  const { spanMs } = PLANS[tier];
  const sorted = [...closed].sort((left, right) => left.startMs - right.startMs);
  const newest = sorted.slice(-PUBLISHED_MAX[tier]);
  const listed = newest.map(({ startMs, hash }) => ({ index: startMs / spanMs, hash }));
  return spans.encode({ closed: listed });
}

/** Nothing where the bytes are none of ours. */
export function decodePublished(tier: Tier, value: Uint8Array | undefined): readonly ClosedSpan[] {
  const decoded = value === undefined ? undefined : spans.decode(value);
  if (!decoded?.ok) return [];
  const { spanMs } = PLANS[tier];
  return decoded.value.closed.map(({ index, hash }) => ({ startMs: index * spanMs, hash }));
}
