import { isBooleanKind, type Kind } from "../reading/kind.ts";

/**
 * History counts in whole steps of a kind's own size: sums are then exact in whatever order they
 * are made, so that two peers with the same data have the same bytes, and steps take half the
 * space of floating point numbers. No sensor here resolves finer than this.
 */
const STEPS_PER_UNIT = 100;
/** An ADS1115 resolves 0.1 mV. */
const STEPS_PER_VOLT = 10_000;

function stepsPerUnit(kind: Kind): number {
  if (kind === "voltage") return STEPS_PER_VOLT;
  return isBooleanKind(kind) ? 1 : STEPS_PER_UNIT;
}

/** A value in its kind's unit as whole steps. */
export function toSteps(kind: Kind, value: number): number {
  // Never minus zero, which is not equal to zero everywhere.
  return Math.round(value * stepsPerUnit(kind)) + 0;
}

/** Steps, also fractions of one, in the kind's unit. */
export function fromSteps(kind: Kind, steps: number): number {
  return steps / stepsPerUnit(kind);
}
