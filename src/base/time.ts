/** A span or an instant in milliseconds; which clock an instant belongs to is said by its name. */
export type Millis = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/**
 * The two clocks of a machine.
 *
 * Timers and ages use `monotonicMs`. `wallMs` is only ever shown or put into a stamp: a Pi has
 * no battery clock, so its wall clock may be years off and may jump either way at any moment.
 */
export interface Clock {
  /** Milliseconds since 1970 as this machine believes; may step. */
  wallMs(): Millis;
  /** Milliseconds since some moment of this process; never steps back. */
  monotonicMs(): Millis;
}

/** A clock that moves only when told, for tests and the simulator. */
export class ManualClock implements Clock {
  private elapsedMs: Millis = 0;

  constructor(private startedWallMs: Millis = Date.UTC(2026, 0, 1)) {}

  wallMs(): Millis {
    return this.startedWallMs + this.elapsedMs;
  }

  monotonicMs(): Millis {
    return this.elapsedMs;
  }

  /** Lets `spanMs` go by on both clocks. */
  advance(spanMs: Millis): void {
    this.elapsedMs += spanMs;
  }

  /** Steps the wall clock alone, as the first NTP answer does. */
  stepWall(spanMs: Millis): void {
    this.startedWallMs += spanMs;
  }
}
