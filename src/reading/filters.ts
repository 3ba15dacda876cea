import type { Millis } from "../base/time.ts";
import { delayed, settle } from "./binary-stages.ts";
import { calibrateLinear } from "./calibrate-linear.ts";
import type { FilterSpec } from "./filter-spec.ts";
import type { Cause, Stage } from "./filter-stages.ts";
import * as stages from "./filter-stages.ts";

/** Filters of one sensor and kind. `nowMs` is a monotonic clock's and never goes back. */
export interface FilterChain {
  /** A measured value; gives what to tell, if anything. NaN and infinities count as nothing. */
  input(value: number, nowMs: Millis): number | undefined;
  /** Time went by; gives what to tell. To be called at `dueMs`, and harmless at other times. */
  tick(nowMs: Millis): number | undefined;
  /** When `tick` may next have something to tell, or undefined before the next input. */
  dueMs(): Millis | undefined;
}

/** A chain that applies the filters in the order of the list. */
export function createFilterChain(specs: readonly FilterSpec[]): FilterChain {
  const chain = specs.map(stageOf);
  const run = (value: number | undefined, nowMs: Millis, cause: Cause) => {
    let carried = value;
    for (const stage of chain) {
      carried =
        carried === undefined ? stage.idle?.(nowMs, cause) : finite(stage.accept(carried, nowMs));
    }
    return carried;
  };
  return {
    input: (value, nowMs) => {
      const clean = finite(value);
      return clean === undefined ? undefined : run(clean, nowMs, "input");
    },
    tick: (nowMs) => run(undefined, nowMs, "time"),
    dueMs: () => earliest(chain),
  };
}

/** The value without a sign on zero, or undefined where it is no number to speak of. */
function finite(value: number | undefined): number | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return value === 0 ? 0 : value;
}

function earliest(chain: readonly Stage[]): Millis | undefined {
  let first: Millis | undefined;
  for (const stage of chain) {
    const dueMs = stage.dueMs?.();
    if (dueMs !== undefined && (first === undefined || dueMs < first)) first = dueMs;
  }
  return first;
}

/** What a list's calibrating filters alone make of a value: where the truth is said to lie. */
export function createCalibration(specs: readonly FilterSpec[]): (value: number) => number {
  const maps = specs.map(calibrationOf).filter((map) => map !== undefined);
  return (value) => maps.reduce((carried, map) => map(carried), value);
}

function calibrationOf(spec: FilterSpec): ((value: number) => number) | undefined {
  if ("offset" in spec) return (value) => value + spec.offset;
  if ("multiply" in spec) return (value) => value * spec.multiply;
  return "calibrate_linear" in spec ? calibrateLinear(spec.calibrate_linear) : undefined;
}

function stageOf(spec: FilterSpec): Stage {
  const calibration = calibrationOf(spec);
  if (calibration !== undefined) return stages.mapping(calibration);
  if ("delayed_on" in spec) return delayed({ onMs: spec.delayed_on, offMs: 0 });
  if ("delayed_off" in spec) return delayed({ onMs: 0, offMs: spec.delayed_off });
  if ("delayed_on_off" in spec) {
    return delayed({ onMs: spec.delayed_on_off, offMs: spec.delayed_on_off });
  }
  if ("settle" in spec) return settle(spec.settle);
  if ("timeout" in spec) return stages.timeout(spec.timeout);
  if ("median" in spec) return stages.median(spec.median);
  if ("delta" in spec) return stages.delta(spec.delta);
  if ("heartbeat" in spec) return stages.heartbeat(spec.heartbeat);
  if ("throttle" in spec) return stages.throttle(spec.throttle);
  if ("debounce" in spec) return stages.debounce(spec.debounce);
  if ("round" in spec) return stages.mapping((value) => stages.rounded(value, spec.round));
  if ("clamp" in spec) {
    const { min_value = -Infinity, max_value = Infinity } = spec.clamp;
    return stages.mapping((value) => Math.min(max_value, Math.max(min_value, value)));
  }
  if ("filter_out" in spec) {
    const unwanted = new Set([spec.filter_out].flat());
    return stages.mapping((value) => (unwanted.has(value) ? undefined : value));
  }
  if ("sliding_window_moving_average" in spec) {
    return stages.movingAverage(spec.sliding_window_moving_average);
  }
  if ("exponential_moving_average" in spec) {
    return stages.exponentialAverage(spec.exponential_moving_average);
  }
  return stages.mapping((value) => value);
}
