import type { ManualClock, Millis } from "../../src/base/time.ts";

/** Calls back later, on the monotonic clock. */
export interface Timers {
  /**
   * Calls `callback` once after `afterMs`; what it gives back calls it off. After 0 ms means once
   * all that waits to be read was read.
   */
  set(afterMs: Millis, callback: () => void): () => void;
}

/** Node's own limit: a longer span would fire at once. */
const SPAN_MS_MAX = 2 ** 31 - 1;

/** The machine's timers. */
export const systemTimers: Timers = {
  set: (afterMs, callback) => {
    if (afterMs <= 0) {
      const soon = setImmediate(callback);
      return () => clearImmediate(soon);
    }
    const timer = setTimeout(callback, Math.min(SPAN_MS_MAX, afterMs));
    return () => clearTimeout(timer);
  },
};

interface Waiting {
  readonly dueMs: Millis;
  readonly callback: () => void;
}

/** Timers that fire only when told that time went by; the twin for tests. */
export class ManualTimers implements Timers {
  private waiting: Waiting[] = [];

  constructor(private readonly clock: ManualClock) {}

  get count(): number {
    return this.waiting.length;
  }

  set(afterMs: Millis, callback: () => void): () => void {
    const timer = { dueMs: this.clock.monotonicMs() + Math.max(0, afterMs), callback };
    this.waiting.push(timer);
    return () => {
      this.waiting = this.waiting.filter((other) => other !== timer);
    };
  }

  /** Lets `spanMs` go by, firing what falls due at its own moment, earliest first. */
  advance(spanMs: Millis): void {
    const endMs = this.clock.monotonicMs() + spanMs;
    for (let next = this.earliest(endMs); next !== undefined; next = this.earliest(endMs)) {
      const fired = next;
      this.waiting = this.waiting.filter((other) => other !== fired);
      this.clock.advance(Math.max(0, fired.dueMs - this.clock.monotonicMs()));
      fired.callback();
    }
    this.clock.advance(endMs - this.clock.monotonicMs());
  }

  private earliest(endMs: Millis): Waiting | undefined {
    let first: Waiting | undefined;
    for (const timer of this.waiting) {
      if (timer.dueMs > endMs) continue;
      if (first === undefined || timer.dueMs < first.dueMs) first = timer;
    }
    return first;
  }
}
