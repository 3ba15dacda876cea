import type { Millis } from "../base/time.ts";
import type { Timing } from "./timing.ts";

interface Batch {
  items: string[];
  sentMs: Millis;
  cancel: (() => void) | undefined;
}

/**
 * Gathers what goes to one place: what comes after a pause goes at once, together with all that the
 * same turn brings; later ones wait until `batchMs` have passed since the last.
 */
export class Batches {
  private readonly batches = new Map<string, Batch>();

  constructor(
    private readonly batchMs: Millis,
    private readonly timing: Timing,
    private readonly send: (to: string, items: readonly string[]) => void,
  ) {}

  add(to: string, item: string): void {
    const batch = this.batch(to);
    batch.items.push(item);
    if (batch.cancel !== undefined) return;
    const waitMs = Math.max(0, batch.sentMs + this.batchMs - this.timing.nowMs());
    batch.cancel = this.timing.after(waitMs, () => {
      const { items } = batch;
      batch.items = [];
      batch.cancel = undefined;
      batch.sentMs = this.timing.nowMs();
      this.send(to, items);
    });
  }

  /** Gives what still waits, and forgets the place. */
  take(to: string): readonly string[] {
    const batch = this.batches.get(to);
    batch?.cancel?.();
    this.batches.delete(to);
    return batch?.items ?? [];
  }

  private batch(to: string): Batch {
    let batch = this.batches.get(to);
    if (batch === undefined) {
      batch = { items: [], sentMs: Number.NEGATIVE_INFINITY, cancel: undefined };
      this.batches.set(to, batch);
    }
    return batch;
  }
}
