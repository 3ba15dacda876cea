import type { Millis } from "./time.ts";

/**
 * A hybrid logical clock's reading (Kulkarni and others, OPODIS 2014, section 3): the wall clock
 * as far as it is known, and a counter for what happened within one of its milliseconds.
 */
export interface Stamp {
  readonly wallMs: Millis;
  readonly counter: number;
}

export const NO_STAMP: Stamp = { wallMs: 0, counter: 0 };

/** How far another node's stamp may pull our clock ahead of our own wall clock. A guess. */
export const HLC_DRIFT_MS_MAX = 60_000;
export const HLC_COUNTER_MAX = 65_535;

export function compareStamps(left: Stamp, right: Stamp): number {
  return left.wallMs - right.wallMs || left.counter - right.counter;
}

/** The clock of one node. It never goes back, also when the wall clock does. */
export class HybridClock {
  private last: Stamp = NO_STAMP;

  /** The highest stamp given or witnessed. */
  get now(): Stamp {
    return this.last;
  }

  /** A stamp above all that were given or witnessed before. */
  tick(wallMs: Millis): Stamp {
    return this.advance({ wallMs: Math.max(0, Math.floor(wallMs)), counter: 0 });
  }

  /**
   * Learns of another node's stamp. One that is further ahead of `wallMs` than HLC_DRIFT_MS_MAX is
   * not followed, so that a Pi living in 2038 stays alone there.
   */
  witness(stamp: Stamp, wallMs: Millis): void {
    if (stamp.wallMs > wallMs + HLC_DRIFT_MS_MAX) return;
    if (compareStamps(stamp, this.last) > 0) this.last = stamp;
  }

  private advance(now: Stamp): Stamp {
    if (now.wallMs > this.last.wallMs) this.last = now;
    else if (this.last.counter < HLC_COUNTER_MAX) {
      this.last = { wallMs: this.last.wallMs, counter: this.last.counter + 1 };
    } else this.last = { wallMs: this.last.wallMs + 1, counter: 0 };
    return this.last;
  }
}
