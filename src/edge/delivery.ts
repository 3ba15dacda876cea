import type { Millis } from "../base/time.ts";
import { MINUTE_MS, SECOND_MS } from "../base/time.ts";

/** What became of something that was sent out of the mesh. */
export type Delivery =
  | { readonly outcome: "delivered" }
  /** Worth trying again: not before `afterMs`, where the other side said so. */
  | { readonly outcome: "later"; readonly reason: string; readonly afterMs?: Millis }
  /** The same again would be refused again: somebody has to change something first. */
  | { readonly outcome: "refused"; readonly reason: string };

export const DELIVERED: Delivery = { outcome: "delivered" };

/** Pauses between tries double from the one to the other. Guesses. */
const PAUSE_MS_MIN = SECOND_MS;
const PAUSE_MS_MAX = 5 * MINUTE_MS;
const DOUBLINGS_MAX = 20;
/** What was refused is tried again in case somebody mended it. A guess. */
export const REFUSED_MS = 10 * MINUTE_MS;
/** Nobody is held up longer than this by what another server asks for. A guess. */
const AFTER_MS_MAX = 60 * MINUTE_MS;

/** How long to wait after so many failures in a row; `share` in [0, 1) spreads the Pis. */
export function pauseMs(failures: number, share: number): Millis {
  const doubled = PAUSE_MS_MIN * 2 ** Math.min(Math.max(0, failures - 1), DOUBLINGS_MAX);
  return Math.min(PAUSE_MS_MAX, doubled) * (0.75 + share / 2);
}

/** How long the other side asks to be left alone. */
export function askedPauseMs(seconds: unknown): Millis | undefined {
  const spanMs = Number(seconds) * SECOND_MS;
  return Number.isFinite(spanMs) && spanMs >= 0 ? Math.min(AFTER_MS_MAX, spanMs) : undefined;
}
