import type { Plan } from "./draw.ts";
import { runPlan, type Verdict } from "./run-plan.ts";

/** Histories tried at most. A guess: some seconds to a minute. */
const TRIES_MAX = 80;

/** The part of a plan's faults with these places in it, as `--only` names them. */
export function only(plan: Plan, places: readonly number[]): Plan {
  return { ...plan, faults: plan.faults.filter((_, place) => places.includes(place)) };
}

/**
 * Leaves out faults for as long as the same invariant still fails (delta debugging: Zeller and
 * Hildebrandt, TSE 2002). Gives the places of those that are needed.
 */
export function shrink(verdict: Verdict, run: typeof runPlan = runPlan): readonly number[] {
  const { plan, violation } = verdict;
  let needed = plan.faults.map((_, place) => place);
  let tries = 0;
  const stillFails = (places: readonly number[]) => {
    tries += 1;
    return run(only(plan, places)).violation?.invariant === violation?.invariant;
  };
  let size = Math.ceil(needed.length / 2);
  while (needed.length > 0 && tries < TRIES_MAX) {
    let removed = false;
    for (let from = 0; from < needed.length && tries < TRIES_MAX; ) {
      const fewer = [...needed.slice(0, from), ...needed.slice(from + size)];
      if (stillFails(fewer)) {
        needed = fewer;
        removed = true;
      } else from += size;
    }
    if (size === 1 && !removed) break;
    size = Math.max(1, Math.floor(size / 2));
  }
  return needed;
}
