import { type Millis, SECOND_MS } from "../../base/time.ts";

/**
 * Multicast packets at once, and each second after, on one interface and family. Wi-Fi sends
 * multicast at its lowest rate, so that a packet of 500 bytes keeps a 1 Mbit/s channel busy for
 * 4 ms: 30 nodes that all spend 2 a second take a quarter of such a channel at the very worst, and
 * the burst lets a start (two announcements, three questions, some answers) pass unhindered.
 */
export const PACKETS_BURST = 10;
export const PACKETS_PER_SECOND = 2;

/** A token bucket for multicast packets. */
export class PacketBudget {
  private tokens = PACKETS_BURST;
  private filledMs: Millis | undefined;

  /** Takes up to `wanted` packets' worth; gives how many may be sent now. */
  take(nowMs: Millis, wanted = 1): number {
    const sinceMs = Math.max(0, nowMs - (this.filledMs ?? nowMs));
    this.filledMs = nowMs;
    const filled = this.tokens + (sinceMs / SECOND_MS) * PACKETS_PER_SECOND;
    this.tokens = Math.min(PACKETS_BURST, filled);
    const granted = Math.min(wanted, Math.floor(this.tokens));
    this.tokens -= granted;
    return granted;
  }
}
