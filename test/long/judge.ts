import assert from "node:assert/strict";
import { availableParallelism, loadavg } from "node:os";
import { setTimeout as after } from "node:timers/promises";

/** Seen to leave the figures right: 3.5 for each core. */
const LOAD_MAX = 4 * availableParallelism();
/** The load is a mean over a minute: what made it high is long over by then. A guess. */
const CALM_WAIT_MS_MAX = 300_000;
/** The kernel works it out every 5 s. */
const LOOK_MS = 5_000;

const loadNow = () => loadavg()[0] ?? 0;

/** What else the machine does: figures of a busy one say little. */
export const busyWith = () => `load ${loadNow().toFixed(1)}`;

/**
 * Fails where `faultOf` says what is wrong with the figures. Good ones are good on a busy machine
 * too; bad ones are taken again when it is calm, and fail as well where it stays busy.
 */
export async function judge<Figures>(
  take: () => Promise<Figures>,
  faultOf: (figures: Figures) => string | undefined,
): Promise<void> {
  const lastMs = Date.now() + CALM_WAIT_MS_MAX;
  for (;;) {
    const fault = faultOf(await take());
    if (fault === undefined) return;
    const busy = busyWith();
    if (loadNow() <= LOAD_MAX) assert.fail(fault);
    while (loadNow() > LOAD_MAX) {
      if (Date.now() > lastMs) assert.fail(`${fault}; too busy to judge (${busy}): run it alone`);
      await after(LOOK_MS);
    }
  }
}
