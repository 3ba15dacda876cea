import type { Millis } from "../base/time.ts";
import type { Stage } from "./filter-stages.ts";

/** How long yes (on) and no (off) have to last before they are told. */
export interface Delays {
  readonly onMs: Millis;
  readonly offMs: Millis;
}

/** ESPHome's `delayed_on`, `delayed_off` and `delayed_on_off`. */
export function delayed({ onMs, offMs }: Delays): Stage {
  let told: number | undefined;
  let pending: { readonly value: number; readonly dueMs: Millis } | undefined;
  const pass = (value: number) => {
    told = value;
    pending = undefined;
    return value;
  };
  return {
    accept: (value, nowMs) => {
      if (value === told) return pass(value);
      const spanMs = value === 0 ? offMs : onMs;
      if (spanMs === 0) return pass(value);
      if (pending?.value !== value) pending = { value, dueMs: nowMs + spanMs };
      return nowMs >= pending.dueMs ? pass(value) : undefined;
    },
    idle: (nowMs) =>
      pending === undefined || nowMs < pending.dueMs ? undefined : pass(pending.value),
    dueMs: () => pending?.dueMs,
  };
}

/**
 * ESPHome's `settle`: a change is told at once, the next only after it has held for a span.
 *
 * So a bouncing switch is as quick as a clean one, and tells no more than two values a span.
 */
export function settle(spanMs: Millis): Stage {
  let seen: number | undefined;
  let told: number | undefined;
  let restlessUntilMs: Millis | undefined;
  return {
    accept: (value, nowMs) => {
      const isChange = value !== seen;
      seen = value;
      const isSteady = restlessUntilMs === undefined || nowMs >= restlessUntilMs;
      if (!isSteady) {
        if (isChange) restlessUntilMs = nowMs + spanMs;
        return undefined;
      }
      restlessUntilMs = value === told ? undefined : nowMs + spanMs;
      told = value;
      return value;
    },
    idle: (nowMs) => {
      if (restlessUntilMs === undefined || nowMs < restlessUntilMs) return undefined;
      restlessUntilMs = undefined;
      if (seen === told) return undefined;
      told = seen;
      return seen;
    },
    dueMs: () => restlessUntilMs,
  };
}
