import type { NodeId } from "../../base/id.ts";
import { type Clock, type Millis, SECOND_MS } from "../../base/time.ts";
import { type Dot, type Entry, NO_DOT } from "../../replica/entry.ts";

/** An entry that others overtook may still come. A guess: anti-entropy takes as long. */
const LATE_MS_MAX = 8 * SECOND_MS;

interface Heard {
  dot: Dot;
  /** Writes below the newest that did not come. */
  holes: number;
  /** Since when something is missing; infinite while nothing is. */
  sinceMs: Millis;
}

/**
 * Notices that writes of an origin passed by unheard: the state makes up for what it says now, but
 * not for what it said in between. A first sight of an origin counts as such, since this node may
 * have been away.
 */
export class MissedEntries {
  private readonly heard = new Map<NodeId, Heard>();

  constructor(private readonly clock: Clock) {}

  hear(entries: readonly Entry[]): void {
    for (const { origin, dot } of entries) {
      const known = this.heard.get(origin);
      const nowMs = this.clock.monotonicMs();
      if (known === undefined || dot.incarnation > known.dot.incarnation) {
        this.heard.set(origin, { dot, holes: 1, sinceMs: nowMs - LATE_MS_MAX / 2 });
      } else if (dot.incarnation === known.dot.incarnation) this.follow(known, dot, nowMs);
    }
  }

  /** Something of an origin may have passed by unheard, though nothing of it comes now. */
  suspect(origin: NodeId): void {
    const known = this.heard.get(origin) ?? { dot: NO_DOT, holes: 1, sinceMs: 0 };
    const sinceMs = this.clock.monotonicMs() - LATE_MS_MAX / 2;
    this.heard.set(origin, { ...known, sinceMs });
  }

  /** Origins of which something stayed away; each is named once. */
  take(): readonly NodeId[] {
    const nowMs = this.clock.monotonicMs();
    const missed: NodeId[] = [];
    for (const [origin, heard] of this.heard) {
      if (nowMs - heard.sinceMs < LATE_MS_MAX) continue;
      missed.push(origin);
      heard.holes = 0;
      heard.sinceMs = Number.POSITIVE_INFINITY;
    }
    return missed;
  }

  private follow(known: Heard, dot: Dot, nowMs: Millis): void {
    const ahead = dot.seq - known.dot.seq;
    if (ahead <= 0) known.holes = Math.max(0, known.holes - 1);
    else {
      known.dot = dot;
      if (ahead > 1 && known.holes === 0) known.sinceMs = nowMs;
      known.holes += ahead - 1;
    }
    if (known.holes === 0) known.sinceMs = Number.POSITIVE_INFINITY;
  }
}
