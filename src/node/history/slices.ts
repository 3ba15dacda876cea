import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import type { Clock, Millis } from "../../base/time.ts";

/** Work in steps, each of which is whole in itself. */
export type Steps = Generator<void, void, void>;

/** One slice ends after the step that passes this. On a Pi a step takes some milliseconds. */
const SLICE_MS_MAX = 4;
/** Between slices, everything else of the node has its turn. */
const PAUSE_MS = 5;

/** Does long work in slices, one job after the other, so that no message waits for it. */
export class Slices {
  private readonly jobs: Steps[] = [];
  private cancel: (() => void) | undefined;
  private isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly timers: Timers,
  ) {}

  /** Jobs that wait or are under way. */
  get pending(): number {
    return this.jobs.length;
  }

  run(job: Steps): void {
    this.jobs.push(job);
    this.later();
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
  }

  private later(): void {
    if (this.cancel !== undefined || this.isStopped || this.jobs.length === 0) return;
    this.cancel = this.timers.set(PAUSE_MS, () => {
      this.cancel = undefined;
      this.slice();
      this.later();
    });
  }

  private slice(): void {
    const endMs: Millis = this.clock.monotonicMs() + SLICE_MS_MAX;
    for (let job = this.jobs[0]; job !== undefined; job = this.jobs[0]) {
      if (job.next().done) this.jobs.shift();
      if (this.clock.monotonicMs() >= endMs) return;
    }
  }
}
