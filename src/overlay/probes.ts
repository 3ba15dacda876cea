import { jittered, type Random } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import type { OverlayParameters } from "./parameters.ts";

/** So many probes in vain double the pause between them: five minutes. A guess. */
const PROBES_UNTIL_TWICE = 75;

/** When the next of those who fell silent is tried: often at first, then less and less. */
export class Probes {
  private dueMs: Millis = 0;
  private inVain = 0;

  constructor(
    private readonly random: Random,
    private readonly pauses: Pick<OverlayParameters, "probeMs" | "probeMsMax">,
  ) {}

  isDue(nowMs: Millis): boolean {
    return nowMs >= this.dueMs;
  }

  /** Plans the next probe; `lost` is how many are silent now. */
  planNext(lost: number, nowMs: Millis): void {
    const { probeMs, probeMsMax } = this.pauses;
    this.inVain = lost === 0 ? 0 : this.inVain + 1;
    const pause = Math.min(probeMsMax, probeMs * (1 + this.inVain / PROBES_UNTIL_TWICE));
    this.dueMs = nowMs + jittered(this.random, pause, 0.5);
  }
}
