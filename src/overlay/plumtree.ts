import type { NodeId } from "../base/id.ts";
import { jittered, type Random } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import type { Dot, Entry } from "../replica/entry.ts";
import { Announcements } from "./announcements.ts";
import type { Effect } from "./effects.ts";
import type { Announcement, Rumour } from "./messages.ts";
import { ANNOUNCEMENTS_MAX, type OverlayParameters, RUMOURS_MAX } from "./parameters.ts";

/** Dots whose key is remembered so that a GRAFT can be answered. A guess: a busy minute. */
const RECENT_MAX = 4_096;
/** Announced entries waited for at once; more are left to anti-entropy. */
const MISSING_MAX = 2_048;
/** Of these from one peer, so that nobody's made-up ones keep out the others'. A guess. */
const MISSING_PER_PEER_MAX = 512;
/** Hops counted; further ones stay at this. */
const ROUND_MAX = 255;

/** Of how late the tree was lately, so much is left at each entry that was not late. A guess. */
const LAG_KEPT = 0.995;
/** A tree that is slower than half of this is mended although it may be whole. A guess. */
const PATIENCE_MS_MAX = 1_500;

interface Missing {
  readonly announcement: Announcement;
  readonly from: NodeId[];
  readonly sinceMs: Millis;
  dueMs: Millis;
}

/** What Plumtree asks of the replica. */
export interface RumourSource {
  knows(origin: NodeId, dot: Dot): boolean;
  held(origin: NodeId, key: string, dot: Dot): Entry | undefined;
}

/**
 * Plumtree (Leitao, Pereira, Rodrigues: SRDS 2007, algorithms 1 and 2): one tree for all writers.
 *
 * 1. Eager and lazy peers together are the active neighbours, and no peer is both.
 * 2. What was seen is known by the replica's version vectors, so no list of ids grows.
 *
 * Deviations: PRUNE only where a peer brought `pruneAfter` more duplicates than news, never twice
 * within `pruneMs`, and never the last eager link: with many writers at once, all ends of a cycle
 * would prune it and leave no tree at all. No optimisation by hop counts, for the same reason (Riak
 * dropped it too). An announced entry is waited for as long as the tree was late lately: mending a
 * tree that is whole makes duplicates, which prune it, for ever. Announcements are batched, and the
 * links of a neighbour that is gone are made up for at once.
 */
export class Plumtree {
  readonly eager = new Set<NodeId>();
  readonly lazy = new Set<NodeId>();
  private readonly duplicates = new Map<NodeId, number>();
  private readonly missing = new Map<string, Missing>();
  private readonly recent = new Map<string, string>();
  private readonly outbox = new Map<NodeId, Rumour[]>();
  private readonly announcements: Announcements;
  private pruneAtMs: Millis = 0;
  private lagMs: Millis = 0;

  constructor(
    private readonly parameters: OverlayParameters,
    private readonly source: RumourSource,
    private readonly random: Random,
  ) {
    this.announcements = new Announcements(parameters, random);
  }

  neighborUp(peer: NodeId, nowMs: Millis): void {
    this.lazy.delete(peer);
    this.eager.add(peer);
    this.announcements.unsettle(nowMs);
  }

  /**
   * A neighbour is gone. Where it was eager the tree fell apart into as many parts as it had eager
   * links, each with one of its neighbours: these mend it at once over what lazy links they have,
   * instead of waiting for an announcement.
   */
  neighborDown(peer: NodeId, nowMs: Millis): readonly Effect[] {
    const wasEager = this.eager.delete(peer);
    this.lazy.delete(peer);
    this.duplicates.delete(peer);
    this.outbox.delete(peer);
    this.announcements.drop(peer);
    this.announcements.unsettle(nowMs);
    if (!wasEager) return [];
    const spare = [...this.lazy];
    for (const other of spare) this.toEager(other);
    return spare.map((to) => ({ type: "send", to, message: { type: "graft", wanted: [] } }));
  }

  /** Passes on an entry that is new here; `from` is undefined for one of this node's own. */
  spread(entry: Entry, round: number, from: NodeId | undefined, nowMs: Millis): void {
    const { origin, dot, key } = entry;
    const name = nameOf(origin, dot);
    const missed = this.missing.get(name);
    const announcers = missed?.from ?? [];
    this.noteLag(missed === undefined ? 0 : nowMs - missed.sinceMs);
    this.missing.delete(name);
    this.recent.set(name, key);
    if (this.recent.size > RECENT_MAX) {
      const oldest = this.recent.keys().next().value;
      if (oldest !== undefined) this.recent.delete(oldest);
    }
    const next = Math.min(round + 1, ROUND_MAX);
    for (const peer of this.eager) {
      if (peer === from) continue;
      const rumours = this.outbox.get(peer) ?? [];
      rumours.push({ entry, round: next });
      this.outbox.set(peer, rumours);
    }
    const announcement = { origin, dot, round: next };
    for (const peer of this.lazy) {
      if (peer === from || announcers.includes(peer)) continue;
      this.announcements.add(peer, name, announcement, nowMs);
    }
  }

  /** A peer brought what was new: the link is part of the tree. */
  useful(from: NodeId): void {
    const count = this.duplicates.get(from);
    if (count !== undefined && count > 0) this.duplicates.set(from, count - 1);
    this.toEager(from);
  }

  /** A peer brought what was known: after some of these the link leaves the tree. */
  duplicate(from: NodeId, nowMs: Millis): readonly Effect[] {
    if (!this.eager.has(from)) return [];
    const count = (this.duplicates.get(from) ?? 0) + 1;
    this.duplicates.set(from, count);
    const early = nowMs < this.pruneAtMs || this.eager.size === 1;
    if (count < this.parameters.pruneAfter || early) return [];
    this.pruneAtMs = nowMs + jittered(this.random, this.parameters.pruneMs, 0.5);
    this.duplicates.delete(from);
    this.toLazy(from, nowMs);
    return [{ type: "send", to: from, message: { type: "prune" } }];
  }

  /**
   * A peer gets what we send from elsewhere too. Where it is our last eager link the prunes of two
   * peers have crossed: with no other link we are on no cycle, so the link is mended at once.
   */
  onPrune(from: NodeId, nowMs: Millis): readonly Effect[] {
    if (!this.eager.has(from)) return [];
    if (this.eager.size === 1) {
      return [{ type: "send", to: from, message: { type: "graft", wanted: [] } }];
    }
    this.toLazy(from, nowMs);
    return [];
  }

  onIhave(from: NodeId, announcements: readonly Announcement[], nowMs: Millis): void {
    let room = MISSING_PER_PEER_MAX - this.announcedBy(from);
    for (const announcement of announcements) {
      const { origin, dot } = announcement;
      const name = nameOf(origin, dot);
      this.announcements.heard(from, name, nowMs);
      if (this.source.knows(origin, dot)) continue;
      const known = this.missing.get(name);
      if (known !== undefined) known.from.push(from);
      else if (this.missing.size < MISSING_MAX && room > 0) {
        room -= 1;
        const dueMs = nowMs + this.patienceMs();
        this.missing.set(name, { announcement, from: [from], sinceMs: nowMs, dueMs });
      }
    }
  }

  private announcedBy(peer: NodeId): number {
    let count = 0;
    for (const { from } of this.missing.values()) if (from[0] === peer) count += 1;
    return count;
  }

  /** Mends the tree towards `from` and sends what it misses, if it is still said. */
  onGraft(from: NodeId, wanted: readonly Announcement[], nowMs: Millis): void {
    this.toEager(from);
    this.announcements.unsettle(nowMs);
    if (!this.eager.has(from)) return;
    for (const { origin, dot, round } of wanted) {
      const key = this.recent.get(nameOf(origin, dot));
      const entry = key === undefined ? undefined : this.source.held(origin, key, dot);
      if (entry === undefined) continue;
      this.outbox.set(from, [...(this.outbox.get(from) ?? []), { entry, round }]);
    }
  }

  wakeAtMs(): Millis {
    let atMs = this.announcements.dueMs();
    for (const { dueMs } of this.missing.values()) atMs = Math.min(atMs, dueMs);
    return atMs;
  }

  wake(nowMs: Millis): readonly Effect[] {
    const effects = [...this.announcements.take(nowMs)];
    const wanted = new Map<NodeId, Announcement[]>();
    for (const [name, missing] of this.missing) {
      if (missing.dueMs > nowMs) continue;
      const peer = missing.from.shift();
      const { origin, dot } = missing.announcement;
      if (peer === undefined || this.source.knows(origin, dot)) {
        this.missing.delete(name);
        continue;
      }
      missing.dueMs = nowMs + this.parameters.graftAgainMs;
      if (!this.eager.has(peer) && !this.lazy.has(peer)) continue;
      wanted.set(peer, [...(wanted.get(peer) ?? []), missing.announcement]);
    }
    for (const [peer, announcements] of wanted) {
      this.toEager(peer);
      this.announcements.unsettle(nowMs);
      const list = announcements.slice(0, ANNOUNCEMENTS_MAX);
      effects.push({ type: "send", to: peer, message: { type: "graft", wanted: list } });
    }
    return effects;
  }

  /** Whether eager pushes wait for `flush`. */
  get hasPushes(): boolean {
    return this.outbox.size > 0;
  }

  /** The eager pushes gathered since the last call, a few rumours a frame. */
  flush(): readonly Effect[] {
    const effects: Effect[] = [];
    for (const [to, rumours] of this.outbox) {
      for (let at = 0; at < rumours.length; at += RUMOURS_MAX) {
        const part = rumours.slice(at, at + RUMOURS_MAX);
        effects.push({ type: "send", to, message: { type: "gossip", rumours: part } });
      }
    }
    this.outbox.clear();
    return effects;
  }

  private noteLag(lagMs: Millis): void {
    this.lagMs = Math.max(lagMs, this.lagMs * LAG_KEPT);
  }

  /** How long an announced entry may take to come over the tree. */
  private patienceMs(): Millis {
    return Math.min(PATIENCE_MS_MAX, Math.max(this.parameters.graftMs, 2 * this.lagMs));
  }

  private toEager(peer: NodeId): void {
    if (this.lazy.delete(peer)) this.eager.add(peer);
  }

  private toLazy(peer: NodeId, nowMs: Millis): void {
    this.eager.delete(peer);
    this.lazy.add(peer);
    this.announcements.unsettle(nowMs);
  }
}

function nameOf(origin: NodeId, dot: Dot): string {
  return `${origin} ${dot.incarnation} ${dot.seq}`;
}
