/** Long enough that the collector has its share of it. */
const ROUND_S = 0.15;
const ROUNDS = 8;
/** Of those that need minutes fewer rounds are enough. */
const BUDGET_S = 3;

/**
 * How often a second of this process's CPU time something is done. `prepare` is outside of the
 * time; the job it gives does the thing `count` times. The best round, since the first ones are
 * compiled while they run.
 */
export function perCpuSecond(count: number, prepare: () => () => unknown): number {
  let best = 0;
  let spent = 0;
  for (let round = 0; round < ROUNDS && spent < BUDGET_S; round += 1) {
    let done = 0;
    let took = 0;
    while (took < ROUND_S) {
      took += cpuSeconds(prepare());
      done += count;
    }
    spent += took;
    best = Math.max(best, done / took);
  }
  return best;
}

/**
 * CPU seconds of this process that a job takes, the collector's threads included: what else the
 * machine does meanwhile counts little.
 */
export function cpuSeconds(job: () => unknown): number {
  const before = process.cpuUsage();
  job();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
