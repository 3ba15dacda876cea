import type { Kind } from "../../src/reading/kind.ts";

/** One value of one kind, as the chip gave it. */
export interface Measured {
  readonly kind: Kind;
  readonly value: number;
  /** Which of several at one sensor, where its name alone would not tell. */
  readonly part?: string;
}

/**
 * A chip that is asked: one driver file each.
 *
 * `measure` comes back within bounded time, since every port below has a deadline; it throws one
 * line that says what to do, and sets the chip up again by itself after it has failed.
 */
export interface Gauge {
  /** May grow once the chip has said what it is. */
  kinds(): readonly Kind[];
  /** An empty list is no failure: the chip has nothing new. */
  measure(): Promise<readonly Measured[]>;
  close(): Promise<void>;
}
