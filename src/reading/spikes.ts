import type { Millis } from "../base/time.ts";
import { HOUR_MS, MINUTE_MS } from "../base/time.ts";
import type { Kind } from "./kind.ts";

/**
 * What rooms can't do from one reading to the next. Guesses, ten times what a window flung open
 * was seen to do in 10 s; kinds that do jump are not here.
 */
const JUMP_MAX: { readonly [K in Kind]?: number } = {
  temperature: 5,
  humidity: 20,
  pressure: 5,
  co2: 2_000,
};
/** After so long without a reading nothing is known of what comes next. A guess. */
const MEMORY_MS = 10 * MINUTE_MS;

/** Lets a value pass unless it jumps out alone; two in a row that agree are the truth. */
export interface SpikeGate {
  pass(value: number, nowMs: Millis): boolean;
}

export function createSpikeGate(kind: Kind): SpikeGate {
  const jumpMax = JUMP_MAX[kind];
  let last: { readonly value: number; readonly atMs: Millis } | undefined;
  let suspect: number | undefined;
  return {
    pass: (value, nowMs) => {
      const isNear = (other: number | undefined) =>
        other !== undefined && jumpMax !== undefined && Math.abs(value - other) <= jumpMax;
      const isFresh = last !== undefined && nowMs - last.atMs < MEMORY_MS;
      if (jumpMax !== undefined && isFresh && !isNear(last?.value) && !isNear(suspect)) {
        suspect = value;
        return false;
      }
      last = { value, atMs: nowMs };
      suspect = undefined;
      return true;
    },
  };
}

/** Kinds whose last digit never rests at a sensor that lives. */
const RESTLESS: readonly Kind[] = ["temperature", "humidity", "pressure", "co2"];
/** A day holds a night and a morning: something must have moved. A guess. */
export const STUCK_MS = 24 * HOUR_MS;

/** Tells a sensor that says the very same thing for a day. */
export interface StuckWatch {
  /** To be called with each raw value; true once it has not moved for STUCK_MS. */
  isStuck(value: number, nowMs: Millis): boolean;
}

export function createStuckWatch(kind: Kind): StuckWatch {
  let value: number | undefined;
  let sinceMs: Millis = 0;
  return {
    isStuck: (next, nowMs) => {
      if (next !== value) {
        value = next;
        sinceMs = nowMs;
      }
      return RESTLESS.includes(kind) && nowMs - sinceMs >= STUCK_MS;
    },
  };
}
