import type { Stamp } from "../base/hlc.ts";
import type { NodeId } from "../base/id.ts";
import type { Lattice, Order } from "./lattice.ts";
import { compareVersioned, type Versioned } from "./versioned-register.ts";

/** Values written at once that are kept; the last in order. A guess: people in one quarrel. */
export const CONCURRENT_VALUES_MAX = 8;

/** The values of the highest version, the strongest first; none before the first write. */
export type MultiValueRegister<T> = readonly Versioned<T>[];

/**
 * A register that shows every concurrent write instead of choosing one (the MV-Register of
 * Shapiro and others, INRIA RR-7506, 2011).
 *
 * Concurrency is seen through version numbers, so of two writes apart by a cut the one over a
 * longer history wins alone. Of too many, the strongest CONCURRENT_VALUES_MAX stay: the top of a
 * union does not depend on the order of the unions, so the laws hold.
 */
export function multiValueRegister<T>(order: Order<T>): Lattice<MultiValueRegister<T>> {
  const compare = compareVersioned(order);
  return {
    empty: [],
    join: (left, right) => {
      const version = highestVersion([...left, ...right]);
      const winners = [...left, ...right]
        .filter((item) => item.version === version)
        .sort((one, other) => compare(other, one));
      return winners
        .filter((item, at) => {
          const before = winners[at - 1];
          return before === undefined || compare(before, item) !== 0;
        })
        .slice(0, CONCURRENT_VALUES_MAX);
    },
    equals: (left, right) =>
      left.length === right.length &&
      left.every((item, at) => {
        const other = right[at];
        return other !== undefined && compare(item, other) === 0;
      }),
  };
}

/** What a writer that has seen `seen` puts in the place of all of it. */
export function writeMultiValue<T>(
  seen: MultiValueRegister<T>,
  origin: NodeId,
  stamp: Stamp,
  value: T,
): MultiValueRegister<T> {
  return [{ version: highestVersion(seen) + 1, stamp, origin, value }];
}

function highestVersion(items: readonly Versioned<unknown>[]): number {
  return items.reduce((high, { version }) => Math.max(high, version), 0);
}
