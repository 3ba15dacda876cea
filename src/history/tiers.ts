import { HOUR_MS, MINUTE_MS, type Millis } from "../base/time.ts";

/** How finely something is remembered: each reading, minutes, hours. */
export type Tier = "raw" | "minute" | "hour";

export const TIERS: readonly Tier[] = ["raw", "minute", "hour"];

const DAY_MS = 24 * HOUR_MS;

export interface TierPlan {
  /** A bucket covers so much; raw ones are single readings. */
  readonly bucketMs: Millis;
  /** A segment covers so much, and begins at a multiple of it since 1970. */
  readonly spanMs: Millis;
  /** The tier that it is rolled up from. */
  readonly from?: Tier;
}

/**
 * A segment is a few kilobytes in every tier: small enough for one frame of a link, large enough
 * that its hash costs little. Guesses, but for that.
 */
export const PLANS: Readonly<Record<Tier, TierPlan>> = {
  raw: { bucketMs: 1, spanMs: HOUR_MS },
  minute: { bucketMs: MINUTE_MS, spanMs: DAY_MS, from: "raw" },
  hour: { bucketMs: HOUR_MS, spanMs: 10 * DAY_MS, from: "minute" },
};

/** Where the segment that holds an instant begins. */
export function spanStart(tier: Tier, atMs: Millis): Millis {
  const { spanMs } = PLANS[tier];
  return Math.floor(atMs / spanMs) * spanMs;
}
