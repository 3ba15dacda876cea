import { compareStamps, type Stamp } from "../base/hlc.ts";
import type { NodeId } from "../base/id.ts";
import { compareNumbers, compareTexts, type Lattice, type Order } from "./lattice.ts";
import { maxRegister } from "./max-register.ts";

/** A value and what it takes to order it among the others. */
export interface Versioned<T> {
  /** From 1; one more than the highest that the writer had seen. */
  readonly version: number;
  readonly stamp: Stamp;
  readonly origin: NodeId;
  readonly value: T;
}

export type VersionedRegister<T> = Versioned<T> | undefined;

/**
 * Causality first, then the clock, then the origin; the value's own order settles even what an
 * origin said twice, so that the join commutes whatever comes.
 */
export function compareVersioned<T>(order: Order<T>): Order<Versioned<T>> {
  return (left, right) =>
    compareNumbers(left.version, right.version) ||
    compareStamps(left.stamp, right.stamp) ||
    compareTexts(left.origin, right.origin) ||
    order(left.value, right.value);
}

/**
 * A last-writer-wins register (the LWW-Register of Shapiro and others, INRIA RR-7506, 2011) that
 * orders by version before it looks at any clock: a write that had seen another always replaces
 * it, and a machine whose clock is years ahead wins at most a tie.
 */
export function versionedRegister<T>(order: Order<T>): Lattice<VersionedRegister<T>> {
  return maxRegister(compareVersioned(order));
}

/** What a writer that has seen `seen` puts in its place. */
export function writeVersioned<T>(
  seen: VersionedRegister<T>,
  origin: NodeId,
  stamp: Stamp,
  value: T,
): Versioned<T> {
  return { version: (seen?.version ?? 0) + 1, stamp, origin, value };
}
