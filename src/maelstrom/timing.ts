import type { Millis } from "../base/time.ts";

/** The clocks and timers of a process, handed in. */
export interface Timing {
  /** Monotonic. */
  nowMs(): Millis;
  wallMs(): Millis;
  /** Runs something later; gives what calls it off. */
  after(spanMs: Millis, run: () => void): () => void;
}
