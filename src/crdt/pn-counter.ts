import type { NodeId } from "../base/id.ts";
import type { Lattice } from "./lattice.ts";

interface Share {
  readonly plus: number;
  readonly minus: number;
}

/** What each origin added and took away in all. */
export type PnCounter = ReadonlyMap<NodeId, Share>;

const NOTHING: Share = { plus: 0, minus: 0 };

/**
 * A counter that goes up and down (the PN-Counter of Shapiro and others, INRIA RR-7506, 2011): for
 * each origin two sums that only grow, joined by the greater.
 */
export const pnCounter: Lattice<PnCounter> = {
  empty: new Map(),
  join: (left, right) => {
    const joined = new Map(left);
    for (const [origin, share] of right) {
      const known = joined.get(origin) ?? NOTHING;
      joined.set(origin, {
        plus: Math.max(known.plus, share.plus),
        minus: Math.max(known.minus, share.minus),
      });
    }
    return joined;
  },
  equals: (left, right) =>
    left.size === right.size &&
    [...left].every(([origin, share]) => {
      const other = right.get(origin);
      return other?.plus === share.plus && other.minus === share.minus;
    }),
};

/** Adds a whole number, negative ones too; sums stay exact below 2^53. */
export function addToCounter(counter: PnCounter, origin: NodeId, amount: number): PnCounter {
  const { plus, minus } = counter.get(origin) ?? NOTHING;
  const share = amount >= 0 ? { plus: plus + amount, minus } : { plus, minus: minus - amount };
  return new Map(counter).set(origin, share);
}

export function counterValue(counter: PnCounter): number {
  let value = 0;
  for (const { plus, minus } of counter.values()) value += plus - minus;
  return value;
}
