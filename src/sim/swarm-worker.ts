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

/** What a worker is asked for: one seed, and the size of its mesh where that is fixed. */
export interface SeedRequest {
  readonly seed: number;
  readonly nodes: number | undefined;
}

parentPort?.on("message", ({ seed, nodes }: SeedRequest) => {
  const verdict = runPlan(drawPlan(planDice(seed), seed, nodes));
  const needed = verdict.violation === undefined ? [] : shrink(verdict);
  parentPort?.postMessage({ verdict, needed } satisfies SeedReport);
});
