import type { Kind } from "./kind.ts";
import { isPlausible } from "./kind.ts";

/** Lets only values through that can be of a kind at all, and counts the others. */
export interface PlausibilityGate {
  /** The value with no sign on zero, or undefined where it can't be true. */
  pass(kind: Kind, value: number): number | undefined;
  /** How many were refused since the gate was made. */
  rejected(): number;
}

export function createPlausibilityGate(): PlausibilityGate {
  let rejected = 0;
  return {
    pass: (kind, value) => {
      if (isPlausible(kind, value)) return value === 0 ? 0 : value;
      rejected++;
      return undefined;
    },
    rejected: () => rejected,
  };
}
