import type { Millis } from "../base/time.ts";
import { type Bucket, bucketOf } from "./bucket.ts";
import { BUCKETS_MAX } from "./segment.ts";

const FIRST_COUNT = 32;

/** The readings of one series in an hour that is not over, two numbers each. */
export class OpenSpan {
  private at = new Float64Array(FIRST_COUNT);
  private steps = new Float64Array(FIRST_COUNT);
  private count = 0;
  /** The longest silence to expect. */
  holdMs: Millis = 0;

  get size(): number {
    return this.count;
  }

  /** Takes a reading; "full" where there are too many already. They may come in any order. */
  add(atMs: Millis, steps: number, holdMs: Millis): "taken" | "full" {
    if (this.count >= BUCKETS_MAX) return "full";
    if (this.count === this.at.length) this.grow();
    this.at[this.count] = atMs;
    this.steps[this.count] = steps;
    this.count += 1;
    this.holdMs = Math.max(this.holdMs, holdMs);
    return "taken";
  }

  /** As they came; of one instant there may be several. */
  *readings(): IterableIterator<Bucket> {
    for (let at = 0; at < this.count; at++) {
      yield bucketOf(this.at[at] as number, this.steps[at] as number);
    }
  }

  private grow(): void {
    const at = new Float64Array(this.count * 2);
    const steps = new Float64Array(this.count * 2);
    at.set(this.at);
    steps.set(this.steps);
    this.at = at;
    this.steps = steps;
  }
}
