import type { Timers } from "../../firmware-bridge/src/timers.ts";
import { type Clock, type Millis, SECOND_MS } from "../base/time.ts";
import type { Scheduler } from "./scheduler.ts";

/** When the simulation begins, for a machine whose clock is right. */
export const STARTED_WALL_MS = Date.UTC(2026, 0, 5, 8);

/** The clocks of one machine: its monotonic one runs at its own rate, its wall clock may step. */
export class SimClock implements Clock, Timers {
  private stepMs: Millis = 0;
  private bootedMs: Millis = 0;

  /** `rate` is virtual time per true time, such as 1.0001 for 100 ppm fast. */
  constructor(
    private readonly scheduler: Scheduler,
    private readonly rate: number,
  ) {}

  wallMs(): Millis {
    return STARTED_WALL_MS + this.stepMs + this.scheduler.nowMs * this.rate;
  }

  monotonicMs(): Millis {
    return (this.scheduler.nowMs - this.bootedMs) * this.rate;
  }

  set(afterMs: Millis, callback: () => void): () => void {
    return this.scheduler.set(afterMs / this.rate, callback);
  }

  /** Steps the wall clock, as the first answer of a time server does. */
  step(spanMs: Millis): void {
    this.stepMs += spanMs;
  }

  /** Sets the wall clock to what a Pi with no battery has at power-on. */
  startIn1970(): void {
    this.step(30 * SECOND_MS - this.wallMs());
  }

  /** A new process counts from its own start. */
  startProcess(): void {
    this.bootedMs = this.scheduler.nowMs;
  }
}
