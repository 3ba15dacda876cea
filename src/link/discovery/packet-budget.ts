import type { Millis } from "../../base/time.ts";

/** Packets at once, and each second after: 30 nodes stay under a voice call's traffic. A guess. */
const BURST = 10;
const PER_SECOND = 2;

/** A token bucket for multicast packets: on Wi-Fi each one costs everybody air time. */
export class PacketBudget {
  private tokens = BURST;
  private filledMs: Millis | undefined;

  /** Takes a packet's worth, or gives false where there is none. */
  take(nowMs: Millis): boolean {
    const sinceMs = nowMs - (this.filledMs ?? nowMs);
    this.filledMs = nowMs;
    this.tokens = Math.min(BURST, this.tokens + (sinceMs / 1_000) * PER_SECOND);
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
