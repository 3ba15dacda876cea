import type { Millis } from "../base/time.ts";
import { HANDSHAKE_MS_MAX, type Initiator } from "./port.ts";

/** Two links are only taken as crossed when both handshakes can have been under way at once. */
export const CROSSED_MS_MAX = 2 * HANDSHAKE_MS_MAX;

/** A link that is up, as far as it matters when another one to the same peer gets ready. */
export interface Standing {
  readonly boot: string;
  readonly initiator: Initiator;
  readonly ageMs: Millis;
}

/**
 * Which of two links to one peer stays: the newer one, save for crossed dials.
 *
 * Of those, both ends keep the link that the node with the smaller id opened; `smaller` says which
 * end that is. Since nobody says hello while holding a live link to the same boot (see LinkTable),
 * a link of the other end's that comes long after ours is up proves that it has lost ours.
 */
export function whichStays(
  standing: Standing,
  newcomer: { readonly boot: string; readonly initiator: Initiator },
  smaller: Initiator,
): "standing" | "newcomer" {
  const crossed =
    standing.boot === newcomer.boot &&
    standing.initiator !== newcomer.initiator &&
    standing.ageMs < CROSSED_MS_MAX;
  return crossed && standing.initiator === smaller ? "standing" : "newcomer";
}
