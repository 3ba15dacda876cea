import { HOUR_MS, MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";

const DAY_MS = 24 * HOUR_MS;
const UNITS: Readonly<Record<string, Millis>> = {
  ms: 1,
  s: SECOND_MS,
  sec: SECOND_MS,
  m: MINUTE_MS,
  min: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  y: 365 * DAY_MS,
};

/** Nine digits and six behind the point: no span overflows, and none needs more. */
export const DURATION_PATTERN = /^(\d{1,9}(?:\.\d{1,6})?) ?(ms|s|sec|m|min|h|d|y)$/;

/** `10s`, `5min`, `24h`, `2y` in milliseconds, or undefined where it is none. */
export function parseDuration(text: string): Millis | undefined {
  const match = DURATION_PATTERN.exec(text.trim());
  const unit = UNITS[match?.[2] ?? ""];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}
