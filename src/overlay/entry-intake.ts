import type { NodeId } from "../base/id.ts";
import type { Clock, Millis } from "../base/time.ts";
import type { Entry } from "../replica/entry.ts";
import { bytesOf } from "../replica/origin-limits.ts";
import type { JoinOutcome, Replica } from "../replica/replica.ts";
import type { AntiEntropy } from "./anti-entropy.ts";
import type { Conduct } from "./conduct.ts";
import type { Effect } from "./effects.ts";
import type { Message } from "./messages.ts";
import { OriginBudgets } from "./origin-budgets.ts";
import type { Plumtree } from "./plumtree.ts";

/**
 * What is done in one turn, before the node looks after everything else: 32 signatures, which a
 * Pi Zero checks in some 25 ms, or 512 entries that are known.
 */
const TURN_COST_MAX = 512;
const CHECKED_COST = 16;
const KNOWN_COST = 1;
/** What one link may have in hand before another has its turn. */
const SLICE_COST_MAX = TURN_COST_MAX / 4;
/** What one link may have waiting; the rest is left to anti-entropy. A guess: four full frames. */
const WAITING_BYTES_MAX = 1024 * 1024;

type Gossip = Extract<Message, { type: "gossip" }>;
type Delta = Extract<Message, { type: "delta" }>;

interface Job {
  readonly message: Gossip | Delta;
  readonly entries: readonly Entry[];
  readonly bytes: number;
  next: number;
  /** Something in it was news. */
  brought: boolean;
  /** Something in it was not taken. */
  missed: boolean;
}

export interface IntakeParts {
  readonly self: NodeId;
  readonly replica: Replica;
  readonly tree: Plumtree;
  readonly antiEntropy: AntiEntropy;
  readonly conduct: Conduct;
  readonly clock: Clock;
  isNeighbour(peer: NodeId): boolean;
}

/**
 * Where entries of others come in: a few each turn, the links by turns, and of each origin no more
 * than its budget. So neither a long exchange nor a member that writes without end holds the node
 * or what anybody else says.
 */
export class EntryIntake {
  readonly budgets = new OriginBudgets();
  private readonly waiting = new Map<NodeId, Job[]>();
  private left = TURN_COST_MAX;
  private changed: Entry[] = [];

  constructor(private readonly parts: IntakeParts) {}

  /** When the next turn is due. */
  wakeAtMs(): Millis {
    return this.waiting.size > 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  /** Takes in a message's entries, those that there is time for at once. */
  add(from: NodeId, message: Gossip | Delta, nowMs: Millis): readonly Effect[] {
    const entries =
      message.type === "gossip" ? message.rumours.map(({ entry }) => entry) : message.entries;
    const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
    const jobs = this.waiting.get(from) ?? [];
    const waiting = jobs.reduce((sum, job) => sum + job.bytes, 0);
    if (waiting + bytes > WAITING_BYTES_MAX && jobs.length > 0) {
      return [{ type: "misbehaved", peer: from, fault: "overflow" }];
    }
    this.waiting.set(from, [
      ...jobs,
      { message, entries, bytes, next: 0, brought: false, missed: false },
    ]);
    return this.work(nowMs);
  }

  /** A new turn: goes on with what waits. */
  turn(nowMs: Millis): readonly Effect[] {
    this.left = TURN_COST_MAX;
    return this.work(nowMs);
  }

  /** The link is gone, and what it brought with it. */
  drop(peer: NodeId): void {
    this.waiting.delete(peer);
  }

  private work(nowMs: Millis): readonly Effect[] {
    const effects: Effect[] = [];
    // A link with more to do is put back behind the others, and so comes by here again.
    for (const [from] of this.waiting) {
      if (this.left <= 0) break;
      effects.push(...this.slice(from, nowMs));
    }
    if (this.changed.length > 0) effects.push({ type: "deliver", entries: this.changed });
    this.changed = [];
    return effects;
  }

  /** One link's share; afterwards it is the last in the line. */
  private slice(from: NodeId, nowMs: Millis): readonly Effect[] {
    const [job, ...others] = this.waiting.get(from) ?? [];
    if (job === undefined) return [];
    const effects: Effect[] = [];
    const least = this.left - SLICE_COST_MAX;
    while (job.next < job.entries.length && this.left > Math.max(0, least)) {
      effects.push(...this.takeNext(from, job, nowMs));
      job.next += 1;
    }
    const isDone = job.next >= job.entries.length;
    if (isDone && job.message.type === "delta") {
      effects.push(...this.finish(from, job.message, job, nowMs));
    }
    const rest = isDone ? others : [job, ...others];
    this.waiting.delete(from);
    if (rest.length > 0) this.waiting.set(from, rest);
    return effects;
  }

  private takeNext(from: NodeId, job: Job, nowMs: Millis): readonly Effect[] {
    const entry = job.entries[job.next];
    if (entry === undefined) return [];
    const { replica, clock, self } = this.parts;
    const { origin } = entry;
    if (replica.isKnown(entry)) {
      this.left -= KNOWN_COST;
      return this.repeated(from, job, nowMs);
    }
    const met = replica.state(origin) === undefined ? "unmet" : "met";
    if (origin !== self && !this.budgets.admits(origin, met, nowMs)) {
      this.left -= KNOWN_COST;
      job.missed = true;
      this.budgets.putOff(origin, met, nowMs);
      return [{ type: "put-off", origin }];
    }
    this.left -= CHECKED_COST;
    const outcome = replica.join(entry, nowMs, clock.wallMs());
    if (outcome.refusal !== "forged" && outcome.refusal !== "unadmitted" && origin !== self) {
      this.budgets.charge(entry, outcome.refusal === "full" ? "surplus" : "kept", nowMs);
    }
    if (this.concernsUs(entry, outcome)) this.changed.push(entry);
    return this.judge(from, job, entry, outcome, nowMs);
  }

  private judge(
    from: NodeId,
    job: Job,
    entry: Entry,
    { fresh, changed, refusal, equivocation }: JoinOutcome,
    nowMs: Millis,
  ): readonly Effect[] {
    const { tree, antiEntropy } = this.parts;
    const isGossip = job.message.type === "gossip";
    if (fresh) {
      const round = isGossip ? ((job.message as Gossip).rumours[job.next]?.round ?? 0) : 0;
      if (isGossip) tree.useful(from);
      tree.spread(entry, round, from, nowMs);
    }
    if (changed) job.brought = true;
    if (refusal !== undefined) job.missed = true;
    const fault = refusal ?? (equivocation && isGossip ? "equivocation" : undefined);
    // An entry whose origin is not known yet is no fault: its birth is asked for.
    if (fault === "unadmitted" && isGossip) return antiEntropy.ask(from, nowMs);
    if (fault === undefined) return fresh ? [] : this.repeated(from, job, nowMs);
    return [{ type: "misbehaved", peer: from, fault }];
  }

  private repeated(from: NodeId, job: Job, nowMs: Millis): readonly Effect[] {
    const { tree, conduct } = this.parts;
    const effects = job.message.type === "gossip" ? tree.duplicate(from, nowMs) : [];
    if (conduct.repeat(from, nowMs) === "ok") return effects;
    return [...effects, { type: "misbehaved", peer: from, fault: "excess" }];
  }

  /** A delta was gone through. One that was not taken whole makes nothing whole. */
  private finish(from: NodeId, delta: Delta, job: Job, nowMs: Millis): readonly Effect[] {
    const { replica, antiEntropy, isNeighbour } = this.parts;
    if (job.missed) return [];
    replica.cover(delta.origin, delta.from, delta.to);
    if (!job.brought) return [];
    if (delta.rest === "more") return antiEntropy.goOn(from);
    // Only with neighbours: whoever is kept up to date otherwise is never missed, nor probed for.
    if (isNeighbour(from)) antiEntropy.recheck(from, nowMs);
    return [];
  }

  /** Entries under our own name matter even when they lose: a former life or a twin wrote them. */
  private concernsUs(entry: Entry, outcome: JoinOutcome): boolean {
    return outcome.changed || (outcome.fresh && entry.origin === this.parts.self);
  }
}
