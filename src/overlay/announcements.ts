import type { NodeId } from "../base/id.ts";
import { jittered, type Random } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import type { Effect } from "./effects.ts";
import type { Announcement } from "./messages.ts";
import { ANNOUNCEMENTS_MAX, type OverlayParameters } from "./parameters.ts";

/** Of two ends with one period neither would be first for long. A guess. */
const JITTER = 0.25;

interface Waiting {
  readonly announcement: Announcement;
  readonly sinceMs: Millis;
}

/** What one peer has still to be told, the oldest first. */
interface Line {
  readonly waiting: Map<string, Waiting>;
  dueMs: Millis;
}

/**
 * What this node has still to announce to its lazy peers (Plumtree, algorithm 1, "lazy push").
 *
 * Announcements are gathered, and the two ends of a link take turns: what a peer announced is not
 * announced back to it. While the tree changes they are sent soon, since somebody may miss
 * something just then; over a tree that has settled, seldom.
 */
export class Announcements {
  private readonly lines = new Map<NodeId, Line>();
  private settledAtMs: Millis = 0;

  constructor(
    private readonly parameters: OverlayParameters,
    private readonly random: Random,
  ) {}

  /** When the next are due, on the monotonic clock. */
  dueMs(): Millis {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const line of this.lines.values()) dueMs = Math.min(dueMs, line.dueMs);
    return dueMs;
  }

  /** The tree is being changed. */
  unsettle(nowMs: Millis): void {
    const { ihaveMs, settleMs } = this.parameters;
    this.settledAtMs = nowMs + settleMs;
    for (const line of this.lines.values()) {
      line.dueMs = Math.min(line.dueMs, nowMs + ihaveMs);
    }
  }

  /** Notes what a peer is to be told. */
  add(peer: NodeId, name: string, announcement: Announcement, nowMs: Millis): void {
    const line = this.lines.get(peer) ?? { waiting: new Map(), dueMs: nowMs + this.waitMs(nowMs) };
    line.waiting.set(name, { announcement, sinceMs: nowMs });
    if (line.waiting.size >= ANNOUNCEMENTS_MAX) line.dueMs = nowMs;
    this.lines.set(peer, line);
  }

  /** A peer announced something itself: it need not be told, and it was its turn. */
  heard(peer: NodeId, name: string, nowMs: Millis): void {
    const line = this.lines.get(peer);
    if (line?.waiting.delete(name) !== true) return;
    const [oldest] = line.waiting.values();
    if (oldest === undefined) this.lines.delete(peer);
    else line.dueMs = oldest.sinceMs + this.waitMs(nowMs);
  }

  /** The link is gone. */
  drop(peer: NodeId): void {
    this.lines.delete(peer);
  }

  /** What is due by now. */
  take(nowMs: Millis): readonly Effect[] {
    const effects: Effect[] = [];
    for (const [to, line] of this.lines) {
      if (line.dueMs > nowMs) continue;
      this.lines.delete(to);
      const all = [...line.waiting.values()].map(({ announcement }) => announcement);
      for (let at = 0; at < all.length; at += ANNOUNCEMENTS_MAX) {
        const announcements = all.slice(at, at + ANNOUNCEMENTS_MAX);
        effects.push({ type: "send", to, message: { type: "ihave", announcements } });
      }
    }
    return effects;
  }

  private waitMs(nowMs: Millis): Millis {
    const { ihaveMs, ihaveSettledMs } = this.parameters;
    if (nowMs < this.settledAtMs) return ihaveMs;
    return jittered(this.random, ihaveSettledMs, JITTER);
  }
}
