import { Worker } from "node:worker_threads";
import type { SeedReport, SeedRequest } from "./swarm-worker.ts";

export interface SwarmOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly nodes: number | undefined;
  readonly workers: number;
  readonly workerUrl: URL;
  readonly signal: AbortSignal;
  /** Called for each seed, in whatever order they end. */
  readonly onReport: (report: SeedReport) => void;
}

/** Runs many seeds, one history each, on as many threads as asked. */
export async function runSwarm(options: SwarmOptions): Promise<void> {
  const { firstSeed, seeds, nodes, workers, workerUrl, signal, onReport } = options;
  let next = firstSeed;
  const end = firstSeed + seeds;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(workerUrl);
      const finish = () => {
        void worker.terminate();
        resolve();
      };
      const giveNext = () => {
        if (next >= end || signal.aborted) return finish();
        worker.postMessage({ seed: next, nodes } satisfies SeedRequest);
        next += 1;
      };
      worker.on("message", (report: SeedReport) => {
        onReport(report);
        giveNext();
      });
      worker.once("error", reject);
      signal.addEventListener("abort", finish, { once: true });
      giveNext();
    });
  await Promise.all(Array.from({ length: Math.min(workers, seeds) }, work));
}
