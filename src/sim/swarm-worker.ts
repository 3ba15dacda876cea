import { parentPort } from "node:worker_threads";
import { drawPlan } from "./draw.ts";
import { planDice, runPlan, type Verdict } from "./run-plan.ts";
import { shrink } from "./shrink.ts";

/** What a worker tells of one seed. */
export interface SeedReport {
  readonly verdict: Verdict;
  /** The places of the faults that a failure needs. */
  readonly needed: readonly number[];
}

parentPort?.on("message", (seed: number) => {
  const verdict = runPlan(drawPlan(planDice(seed), seed));
  const needed = verdict.violation === undefined ? [] : shrink(verdict);
  parentPort?.postMessage({ verdict, needed } satisfies SeedReport);
});
