import type { Millis } from "../base/time.ts";
import type { DeltaShare, ExponentialAverage, MovingAverage, Timeout } from "./filter-spec.ts";

/** Why a stage runs without a value: an earlier one swallowed an input, or time went by. */
export type Cause = "input" | "time";

/** One step of a chain. Each call gives a value to hand on, or undefined to hand on nothing. */
export interface Stage {
  accept(value: number, nowMs: Millis): number | undefined;
  /** Nothing came from the stage before. */
  idle?(nowMs: Millis, cause: Cause): number | undefined;
  /** When `idle` may next have something to say by itself. */
  dueMs?(): Millis | undefined;
}

/** A window longer than this is cut to it. A guess: an hour of seconds. */
export const WINDOW_COUNT_MAX = 3_600;
/** Digits after the point beyond which a double has none left. */
const DECIMALS_MAX = 15;

export function mapping(map: (value: number) => number | undefined): Stage {
  return { accept: map };
}

/** ESPHome's `median`: over the newest `size` values, from the first one on. */
export function median(size: number): Stage {
  const window = new Window(size);
  return {
    accept: (value) => {
      const sorted = [...window.push(value)].sort((left, right) => left - right);
      const middle = sorted.length >> 1;
      const high = sorted[middle] as number;
      if (sorted.length % 2 === 1) return high;
      const low = sorted[middle - 1] as number;
      // Held between the two, since a sum of doubles may overflow or round past them.
      return Math.min(high, Math.max(low, (low + high) / 2));
    },
  };
}

/** ESPHome's `delta`: only values that differ enough from the last one that passed. */
export function delta(spec: number | DeltaShare): Stage {
  let last: number | undefined;
  return {
    accept: (value) => {
      if (last !== undefined) {
        const change = Math.abs(value - last);
        if (change === 0 || change < threshold(spec, last)) return undefined;
      }
      last = value;
      return value;
    },
  };
}

function threshold(spec: number | DeltaShare, last: number): number {
  if (typeof spec === "number") return spec;
  return Math.max(spec.share * Math.abs(last), spec.min_value ?? 0);
}

/**
 * The longest silence: lets every value pass, and says the last one again after `spanMs`.
 *
 * Deviation from ESPHome, whose heartbeat swallows what comes between two beats: after `delta` a
 * change would wait for minutes. It also falls silent with its sensor, so that a dead one shows.
 */
export function heartbeat(spanMs: Millis): Stage {
  let last: { readonly value: number; readonly atMs: Millis } | undefined;
  let heard: "nothing" | "input" = "nothing";
  return {
    accept: (value, nowMs) => {
      last = { value, atMs: nowMs };
      heard = "nothing";
      return value;
    },
    idle: (nowMs, cause) => {
      if (cause === "input") heard = "input";
      if (last === undefined || heard === "nothing" || nowMs - last.atMs < spanMs) return undefined;
      last = { value: last.value, atMs: nowMs };
      heard = "nothing";
      return last.value;
    },
    dueMs: () => (last === undefined || heard === "nothing" ? undefined : last.atMs + spanMs),
  };
}

/** ESPHome's `throttle`: at most one value a span. */
export function throttle(spanMs: Millis): Stage {
  let passedMs: Millis | undefined;
  return {
    accept: (value, nowMs) => {
      if (passedMs !== undefined && nowMs - passedMs < spanMs) return undefined;
      passedMs = nowMs;
      return value;
    },
  };
}

/** ESPHome's `debounce`: a value passes once none has followed it for a span. */
export function debounce(spanMs: Millis): Stage {
  let held: { readonly value: number; readonly dueMs: Millis } | undefined;
  return {
    accept: (value, nowMs) => {
      held = { value, dueMs: nowMs + spanMs };
      return undefined;
    },
    idle: (nowMs) => {
      if (held === undefined || nowMs < held.dueMs) return undefined;
      const { value } = held;
      held = undefined;
      return value;
    },
    dueMs: () => held?.dueMs,
  };
}

/** ESPHome's `timeout`: says a value of its own once nothing has come for a span. */
export function timeout({ timeout: spanMs, value: otherwise }: Timeout): Stage {
  let dueMs: Millis | undefined;
  return {
    accept: (value, nowMs) => {
      dueMs = otherwise === undefined ? undefined : nowMs + spanMs;
      return value;
    },
    idle: (nowMs) => {
      if (dueMs === undefined || nowMs < dueMs) return undefined;
      dueMs = undefined;
      return otherwise;
    },
    dueMs: () => dueMs,
  };
}

/** ESPHome's `sliding_window_moving_average`; a number alone is the window, sent every time. */
export function movingAverage(spec: number | MovingAverage): Stage {
  const { window_size, send_every = 1 } = typeof spec === "number" ? { window_size: spec } : spec;
  const window = new Window(window_size);
  const turn = every(send_every);
  return {
    accept: (value) => {
      const values = window.push(value);
      if (!turn()) return undefined;
      return values.reduce((sum, item) => sum + item, 0) / values.length;
    },
  };
}

/** ESPHome's `exponential_moving_average`. */
export function exponentialAverage(spec: ExponentialAverage): Stage {
  let mean: number | undefined;
  const turn = every(spec.send_every ?? 1);
  return {
    accept: (value) => {
      mean = mean === undefined ? value : spec.alpha * value + (1 - spec.alpha) * mean;
      return turn() ? mean : undefined;
    },
  };
}

/** To so many digits after the point. */
export function rounded(value: number, decimals: number): number {
  const digits = Math.min(DECIMALS_MAX, Math.max(0, Math.floor(decimals)));
  const scale = 10 ** digits;
  const scaled = value * scale;
  return Number.isSafeInteger(Math.round(scaled)) ? Math.round(scaled) / scale : value;
}

/** True the first time and then every `count`th, as ESPHome's `send_first_at: 1` does. */
function every(count: number): () => boolean {
  let calls = 0;
  return () => calls++ % Math.max(1, Math.floor(count)) === 0;
}

class Window {
  private readonly values: number[] = [];
  private readonly size: number;

  constructor(size: number) {
    this.size = Math.min(WINDOW_COUNT_MAX, Math.max(1, Math.floor(size)));
  }

  push(value: number): readonly number[] {
    this.values.push(value);
    if (this.values.length > this.size) this.values.shift();
    return this.values;
  }
}
