import type { NodeId } from "../base/id.ts";
import { MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";
import { TokenBucket } from "../base/token-bucket.ts";

/** What a peer did over its link that no node does. */
export type Offence = "forged" | "malformed" | "oversize" | "excess";

/** How grave each is: an honest node does none of the first three ever. Guesses. */
const POINTS: Readonly<Record<Offence, number>> = {
  forged: 20,
  oversize: 50,
  malformed: 10,
  excess: 1,
};
export function isOffence(fault: string): fault is Offence {
  return Object.hasOwn(POINTS, fault);
}

/** Where so many have gathered, the link is cut; each second forgives some. */
const POINTS_MAX = 100;
const FORGIVEN_PER_SECOND = 1;
/** How long it stays cut, the first time; twice as long each time after, within an hour. */
const BANNED_MS_FIRST = 10 * SECOND_MS;
const BANNED_MS_MAX = 10 * MINUTE_MS;
const REMEMBERED_MS = 60 * MINUTE_MS;
/** Peers whose misdeeds are remembered: members all, so more than a mesh has of them. */
const PEERS_MAX = 256;
/**
 * Frames that are listened to, and entries heard twice, over one link. Trees have cycles, so some
 * are heard twice; twenty times what the busiest link carried in 32 nodes' cold start.
 */
const FRAMES_PER_SECOND = 1_000;
const FRAMES_BURST = 10_000;

interface Standing {
  readonly points: TokenBucket;
  readonly frames: TokenBucket;
  readonly repeats: TokenBucket;
  bans: number;
  bannedUntilMs: Millis;
}

/**
 * How peers behave on their links. It outlives a link, so that to come back helps nobody. What an
 * origin says is not held against the link that brings it: `OriginBudgets` sees to that.
 */
export class Conduct {
  private readonly records = new Map<NodeId, Standing>();

  /** Counts a frame. Gives an offence where it is one too many. */
  frame(peer: NodeId, nowMs: Millis): "ok" | "excess" {
    return this.of(peer).frames.take(1, nowMs) ? "ok" : "excess";
  }

  /** Counts an entry that was known. Gives an offence where it is one too many. */
  repeat(peer: NodeId, nowMs: Millis): "ok" | "excess" {
    return this.of(peer).repeats.take(1, nowMs) ? "ok" : "excess";
  }

  /** Holds an offence against a peer. Gives true when its link is to be cut now. */
  offend(peer: NodeId, offence: Offence, nowMs: Millis): boolean {
    const record = this.of(peer);
    if (nowMs < record.bannedUntilMs) return false;
    record.points.spend(POINTS[offence], nowMs);
    if (record.points.has(1, nowMs)) return false;
    if (nowMs - record.bannedUntilMs > REMEMBERED_MS) record.bans = 0;
    const pauseMs = Math.min(BANNED_MS_MAX, BANNED_MS_FIRST * 2 ** record.bans);
    record.bans += 1;
    record.bannedUntilMs = nowMs + pauseMs;
    // With the ban it is paid for.
    record.points.spend(-POINTS_MAX, nowMs);
    return true;
  }

  isBanned(peer: NodeId, nowMs: Millis): boolean {
    const record = this.records.get(peer);
    return record !== undefined && nowMs < record.bannedUntilMs;
  }

  banned(nowMs: Millis): readonly NodeId[] {
    return [...this.records.keys()].filter((peer) => this.isBanned(peer, nowMs));
  }

  private of(peer: NodeId): Standing {
    const known = this.records.get(peer);
    if (known !== undefined) return known;
    if (this.records.size >= PEERS_MAX) {
      const [oldest] = this.records.keys();
      if (oldest !== undefined) this.records.delete(oldest);
    }
    const record = {
      points: new TokenBucket(FORGIVEN_PER_SECOND, POINTS_MAX),
      frames: new TokenBucket(FRAMES_PER_SECOND, FRAMES_BURST),
      repeats: new TokenBucket(FRAMES_PER_SECOND, FRAMES_BURST),
      bans: 0,
      bannedUntilMs: Number.NEGATIVE_INFINITY,
    };
    this.records.set(peer, record);
    return record;
  }
}
