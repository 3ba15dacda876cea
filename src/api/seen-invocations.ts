import type { Millis } from "../base/time.ts";

/** Invocations remembered at once: ten a second for as long as each is. A guess. */
export const SEEN_MAX = 4_096;

/** Which invocations were used, by content id, so that none is used twice. */
export class SeenInvocations {
  private readonly until = new Map<string, Millis>();

  constructor(private readonly max = SEEN_MAX) {}

  /** Remembers one till a time of the monotonic clock; `"full"` forgets none that still counts. */
  add(cid: string, untilMs: Millis, nowMs: Millis): "new" | "seen" | "full" {
    if ((this.until.get(cid) ?? nowMs) > nowMs) return "seen";
    if (this.until.size >= this.max) {
      for (const [old, endsMs] of this.until) if (endsMs <= nowMs) this.until.delete(old);
      if (this.until.size >= this.max) return "full";
    }
    this.until.set(cid, untilMs);
    return "new";
  }

  /** Forgets one that was not used after all. */
  delete(cid: string): void {
    this.until.delete(cid);
  }
}
