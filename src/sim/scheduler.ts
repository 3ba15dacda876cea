import type { Timers } from "../../firmware-bridge/src/timers.ts";
import type { Millis } from "../base/time.ts";

interface Due {
  readonly atMs: Millis;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Events in the order of virtual time; those of one instant in the order they were planned. */
export class Scheduler implements Timers {
  nowMs: Millis = 0;
  /** How many events have run. */
  ran = 0;
  private readonly heap: Due[] = [];
  private planned = 0;

  /** Plans a call at an instant of virtual time. What it gives back calls it off. */
  at(atMs: Millis, run: () => void): () => void {
    this.planned += 1;
    const due: Due = { atMs: Math.max(atMs, this.nowMs), order: this.planned, run };
    this.push(due);
    return () => {
      due.run = undefined;
    };
  }

  set(afterMs: Millis, callback: () => void): () => void {
    return this.at(this.nowMs + Math.max(0, afterMs), callback);
  }

  /** Runs everything that is due within the next `spanMs`. */
  runFor(spanMs: Millis): void {
    const untilMs = this.nowMs + spanMs;
    for (let next = this.heap[0]; next && next.atMs <= untilMs; next = this.heap[0]) {
      this.pop();
      this.nowMs = next.atMs;
      if (next.run === undefined) continue;
      this.ran += 1;
      next.run();
    }
    this.nowMs = untilMs;
  }

  private push(due: Due): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Due;
      if (!before(due, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = due;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const isRight = right < heap.length && before(heap[right] as Due, heap[left] as Due);
      const child = isRight ? right : left;
      if (!before(heap[child] as Due, last)) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
  }
}

function before(left: Due, right: Due): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
