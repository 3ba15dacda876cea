import type { NodeId } from "../base/id.ts";
import type { Lattice } from "./lattice.ts";

/** Of one element: under which of each origin's counts it was last added. */
type Adds = ReadonlyMap<NodeId, number>;

/**
 * A set from which adding wins over a concurrent removal.
 *
 * `context` says how many adds of each origin are known, so an add that is known but not held was
 * removed: no tombstone is ever kept.
 */
export interface AddWinsSet {
  readonly adds: ReadonlyMap<string, Adds>;
  readonly context: ReadonlyMap<NodeId, number>;
}

const EMPTY: AddWinsSet = { adds: new Map(), context: new Map() };

/**
 * The optimized observed-remove set (Bieniusa and others, INRIA RR-8083, 2012). An
 * origin must add to the newest of its own states, else two adds share a count. States are
 * joined whole; a state is its own delta (Almeida and others, 2018).
 */
export const addWinsSet: Lattice<AddWinsSet> = {
  empty: EMPTY,
  join: (left, right) => {
    const adds = new Map<string, Adds>();
    for (const element of new Set([...left.adds.keys(), ...right.adds.keys()])) {
      const kept = joinAdds(left, right, element);
      if (kept.size > 0) adds.set(element, kept);
    }
    const context = new Map(left.context);
    for (const [origin, count] of right.context) {
      context.set(origin, Math.max(count, context.get(origin) ?? 0));
    }
    return { adds, context };
  },
  equals: (left, right) =>
    sameCounts(left.context, right.context) &&
    left.adds.size === right.adds.size &&
    [...left.adds].every(([element, counts]) => {
      const others = right.adds.get(element);
      return others !== undefined && sameCounts(counts, others);
    }),
};

/** Adds an element. */
export function addElement(set: AddWinsSet, origin: NodeId, element: string): AddWinsSet {
  const count = (set.context.get(origin) ?? 0) + 1;
  return {
    adds: new Map(set.adds).set(element, new Map([[origin, count]])),
    context: new Map(set.context).set(origin, count),
  };
}

/** Removes what is seen of an element; an add that is not known here survives. */
export function removeElement(set: AddWinsSet, element: string): AddWinsSet {
  const adds = new Map(set.adds);
  adds.delete(element);
  return { adds, context: set.context };
}

export function hasElement(set: AddWinsSet, element: string): boolean {
  return set.adds.has(element);
}

/** The elements in an order that is the same everywhere. */
export function elementsOf(set: AddWinsSet): readonly string[] {
  return [...set.adds.keys()].sort();
}

function joinAdds(left: AddWinsSet, right: AddWinsSet, element: string): Adds {
  const kept = new Map<NodeId, number>();
  const keep = (mine: AddWinsSet, theirs: AddWinsSet) => {
    for (const [origin, count] of mine.adds.get(element) ?? []) {
      const both = theirs.adds.get(element)?.get(origin) === count;
      const news = count > (theirs.context.get(origin) ?? 0);
      if (both || news) kept.set(origin, Math.max(count, kept.get(origin) ?? 0));
    }
  };
  keep(left, right);
  keep(right, left);
  return kept;
}

function sameCounts(left: Adds, right: Adds): boolean {
  return (
    left.size === right.size && [...left].every(([origin, count]) => right.get(origin) === count)
  );
}
