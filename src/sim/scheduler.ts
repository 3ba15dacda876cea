import type { Millis } from "../base/time.ts";

interface Due {
  readonly atMs: Millis;
  readonly order: number;
  readonly run: () => void;
}

/** Events in the order of virtual time; those of one instant in the order they were planned. */
export class Scheduler {
  nowMs: Millis = 0;
  private heap: Due[] = [];
  private planned = 0;

  at(atMs: Millis, run: () => void): void {
    this.planned += 1;
    this.push({ atMs: Math.max(atMs, this.nowMs), order: this.planned, run });
  }

  /** Runs everything that is due within the next `spanMs`. */
  runFor(spanMs: Millis): void {
    const untilMs = this.nowMs + spanMs;
    for (let next = this.heap[0]; next && next.atMs <= untilMs; next = this.heap[0]) {
      this.pop();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = untilMs;
  }

  private push(due: Due): void {
    this.heap.push(due);
    let at = this.heap.length - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.swapIfBefore(at, above)) return;
      at = above;
    }
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= this.heap.length) return;
      const right = left + 1;
      const lower = right < this.heap.length && before(this.heap[right], this.heap[left]);
      const child = lower ? right : left;
      if (!this.swapIfBefore(child, at)) return;
      at = child;
    }
  }

  private swapIfBefore(child: number, parent: number): boolean {
    if (!before(this.heap[child], this.heap[parent])) return false;
    [this.heap[child], this.heap[parent]] = [this.heap[parent] as Due, this.heap[child] as Due];
    return true;
  }
}

function before(left: Due | undefined, right: Due | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
