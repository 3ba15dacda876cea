import type { Millis } from "../base/time.ts";
import { MINUTE_MS } from "../base/time.ts";
import type { CalibrateLinear } from "./calibrate-linear.ts";
import type { Kind } from "./kind.ts";

/** A mean over the newest `window_size` values; every `send_every`th input gives one. */
export interface MovingAverage {
  readonly window_size: number;
  readonly send_every?: number;
}

/** `alpha` in (0, 1]: the newest value's weight. */
export interface ExponentialAverage {
  readonly alpha: number;
  readonly send_every?: number;
}

/** A change by this share (0.05 is 5 %) of the last value, and by at least `min_value`. */
export interface DeltaShare {
  readonly share: number;
  readonly min_value?: number;
}

/** What to say after a span of silence; with no value nothing is said, and age shows it. */
export interface Timeout {
  readonly timeout: Millis;
  readonly value?: number;
}

/** One step of a chain, under ESPHome's name for it. Spans are milliseconds. */
export type FilterSpec =
  | { readonly offset: number }
  | { readonly multiply: number }
  | { readonly median: number }
  | { readonly delta: number | DeltaShare }
  | { readonly heartbeat: Millis }
  | { readonly throttle: Millis }
  | { readonly debounce: Millis }
  | { readonly clamp: { readonly min_value?: number; readonly max_value?: number } }
  | { readonly filter_out: number | readonly number[] }
  | { readonly sliding_window_moving_average: number | MovingAverage }
  | { readonly exponential_moving_average: ExponentialAverage }
  | { readonly round: number }
  | { readonly calibrate_linear: CalibrateLinear }
  | { readonly timeout: Timeout }
  | { readonly delayed_on: Millis }
  | { readonly delayed_off: Millis }
  | { readonly delayed_on_off: Millis }
  | { readonly settle: Millis };

/** The longest silence of a sensor that is well. A guess: three of them fit `away_after`. */
export const HEARTBEAT_DEFAULT_MS = 5 * MINUTE_MS;

/** What is worth telling the office, near each usual sensor's noise. Guesses all. */
const DELTA_DEFAULT: Readonly<Record<Kind, number | DeltaShare>> = {
  temperature: 0.1,
  humidity: 0.5,
  pressure: 0.3,
  co2: 20,
  sound: 3,
  light: { share: 0.1, min_value: 2 },
  motion: 1,
  contact: 1,
  voltage: 0.01,
  count: 1,
};

/** The chain of a kind whose filters are not configured: told by exception, never silent long. */
export function defaultFilters(kind: Kind): readonly FilterSpec[] {
  return [{ delta: DELTA_DEFAULT[kind] }, { heartbeat: HEARTBEAT_DEFAULT_MS }];
}

/**
 * The chain with a heartbeat at its end where it names none, since a steady value would otherwise
 * look like a dead sensor. A throttle slower than the default heartbeat sets the heartbeat's pace.
 */
export function withHeartbeat(specs: readonly FilterSpec[]): readonly FilterSpec[] {
  if (specs.some((spec) => "heartbeat" in spec)) return specs;
  const throttles = specs.map((spec) => ("throttle" in spec ? spec.throttle : 0));
  return [...specs, { heartbeat: Math.max(HEARTBEAT_DEFAULT_MS, ...throttles) }];
}

/** The longest silence that a chain allows while its sensor speaks, if it bounds it. */
export function heartbeatOf(specs: readonly FilterSpec[]): Millis | undefined {
  const beats = specs.flatMap((spec) => ("heartbeat" in spec ? [spec.heartbeat] : []));
  return beats.length === 0 ? undefined : Math.max(...beats);
}
