import { type Millis, SECOND_MS } from "./time.ts";

/** So many at once, and so many more each second: what a caller may use up. */
export class TokenBucket {
  private left: number;
  private filledMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.left = burst;
  }

  /** Whether so much is there. */
  has(amount: number, nowMs: Millis): boolean {
    this.fill(nowMs);
    return this.left >= amount;
  }

  /** Uses so much up, also where that is more than is there: it is then missing later. */
  spend(amount: number, nowMs: Millis): void {
    this.fill(nowMs);
    this.left = Math.max(-this.burst, this.left - amount);
  }

  /** Uses so much up where it is there; gives whether it was. */
  take(amount: number, nowMs: Millis): boolean {
    if (!this.has(amount, nowMs)) return false;
    this.left -= amount;
    return true;
  }

  /** True when nothing was used for so long that it is as new. */
  isFull(nowMs: Millis): boolean {
    this.fill(nowMs);
    return this.left >= this.burst;
  }

  private fill(nowMs: Millis): void {
    if (nowMs <= this.filledMs) return;
    const gained = ((nowMs - this.filledMs) / SECOND_MS) * this.perSecond;
    this.left = Math.min(this.burst, this.left + gained);
    this.filledMs = nowMs;
  }
}
