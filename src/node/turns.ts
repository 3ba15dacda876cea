import type { Millis } from "../base/time.ts";
import type { Effect } from "../overlay/effects.ts";
import type { Overlay, OverlayEvent } from "../overlay/overlay.ts";

export interface TurnParts {
  readonly overlay: Pick<Overlay, "take" | "hasTurn" | "endTurn">;
  now(): Millis;
  later(afterMs: Millis, callback: () => void): void;
  perform(effects: readonly Effect[]): void;
  /** Called when a row of events was taken. */
  afterwards(): void;
  /** Nothing is taken any more. */
  hasLeft(): boolean;
}

/**
 * Feeds the overlay one event at a time, whatever effects cause meanwhile.
 *
 * A turn is all that was there to be read: only at its end news is passed on, so that a busy node
 * sends few frames of many entries. An idle one passes it on as fast as ever.
 */
export class Turns {
  private readonly queue: OverlayEvent[] = [];
  private draining = false;
  private ending = false;

  constructor(private readonly parts: TurnParts) {}

  take(event: OverlayEvent): void {
    this.queue.push(event);
    if (!this.draining) this.drain([]);
  }

  /** Ends the turn that is under way now. */
  end(): void {
    this.parts.perform(this.parts.overlay.endTurn());
  }

  private drain(first: readonly Effect[]): void {
    const { overlay, perform, now, hasLeft, afterwards } = this.parts;
    this.draining = true;
    perform(first);
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      if (!hasLeft()) perform(overlay.take(next, now()));
    }
    this.draining = false;
    afterwards();
    this.endSoon();
  }

  private endSoon(): void {
    const { overlay, later, hasLeft } = this.parts;
    if (this.ending || !overlay.hasTurn) return;
    this.ending = true;
    later(0, () => {
      this.ending = false;
      if (!hasLeft()) this.drain(overlay.endTurn());
    });
  }
}
