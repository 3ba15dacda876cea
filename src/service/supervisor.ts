import type { Millis } from "../base/time.ts";

/** What runs this process as a service and wants to hear how it is. */
export interface Supervisor {
  /** It ends a process that says nothing for so long; undefined where it waits for ever. */
  readonly watchdogMs: Millis | undefined;
  /**
   * Tells it assignments as in sd_notify(3), such as `READY=1`; one after the other, in order.
   * Settles when they were taken, or when that has failed; never rejects.
   */
  tell(...assignments: readonly string[]): Promise<void>;
}

/** STATUS= is one line that people read; longer ones are cut. A guess: a terminal or two. */
const STATUS_LENGTH_MAX = 200;

/** What `systemctl status` is to show. */
export function statusOf(text: string): string {
  return `STATUS=${text.replace(/\p{Cc}+/gu, " ").slice(0, STATUS_LENGTH_MAX)}`;
}
