import type { NodeId } from "../base/id.ts";
import type { Clock, Millis } from "../base/time.ts";
import type { Entry } from "../replica/entry.ts";
import { bytesOf } from "../replica/origin-limits.ts";
import type { JoinOutcome, Replica } from "../replica/replica.ts";
import type { AntiEntropy } from "./anti-entropy.ts";
import type { Conduct } from "./conduct.ts";
import type { Effect } from "./effects.ts";
import type { Message, Rumour } from "./messages.ts";
import { OriginBudgets } from "./origin-budgets.ts";
import type { Plumtree } from "./plumtree.ts";

/**
 * What is done in one turn, before the node looks after everything else: 32 signatures, which a
 * Pi Zero checks in some 25 ms, or 512 entries that are known.
 */
const TURN_COST_MAX = 512;
const CHECKED_COST = 16;
const KNOWN_COST = 1;
/** What is done for one origin before another has its turn. */
const SLICE_COST_MAX = TURN_COST_MAX / 4;
/** What of one origin may wait; the rest is left to anti-entropy. A guess: four full frames. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** Lines at once; further origins share one, since a peer can make up any number. A guess. */
const LINES_MAX = 1_024;
const SHARED = "shared";

type Gossip = Extract<Message, { type: "gossip" }>;
type Delta = Extract<Message, { type: "delta" }>;

interface Job {
  readonly from: NodeId;
  /** Undefined for rumours. */
  readonly delta: Delta | undefined;
  readonly rumours: readonly Rumour[];
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
 * Where entries of others come in: a few each turn, the origins by turns, and of each no more than
 * its budget. So neither a long exchange nor a member that writes without end holds the node or
 * what anybody else says.
 */
export class EntryIntake {
  readonly budgets = new OriginBudgets();
  private readonly waiting = new Map<NodeId | typeof SHARED, Job[]>();
  private left = TURN_COST_MAX;
  private changed: Entry[] = [];

  constructor(private readonly parts: IntakeParts) {}

  /** When the next turn is due. */
  wakeAtMs(): Millis {
    return this.waiting.size > 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  /** Takes in a message's entries, those that there is time for at once. */
  add(from: NodeId, message: Gossip | Delta, nowMs: Millis): readonly Effect[] {
    const effects =
      message.type === "delta"
        ? this.line(from, message.origin, message.entries.map(unspread), message, nowMs)
        : byOrigin(message.rumours).flatMap(([origin, rumours]) =>
            this.line(from, origin, rumours, undefined, nowMs),
          );
    return [...effects, ...this.work(nowMs)];
  }

  /** A new turn: goes on with what waits. */
  turn(nowMs: Millis): readonly Effect[] {
    this.left = TURN_COST_MAX;
    return this.work(nowMs);
  }

  /** The link is gone, and what it brought with it. */
  drop(peer: NodeId): void {
    for (const [name, jobs] of this.waiting) {
      const others = jobs.filter(({ from }) => from !== peer);
      if (others.length > 0) this.waiting.set(name, others);
      else this.waiting.delete(name);
    }
  }

  /** Puts rumours behind what waits of their origin. */
  private line(
    from: NodeId,
    origin: NodeId,
    rumours: readonly Rumour[],
    delta: Delta | undefined,
    nowMs: Millis,
  ): readonly Effect[] {
    const hasLine = this.waiting.has(origin) || this.waiting.size < LINES_MAX;
    const name = hasLine ? origin : SHARED;
    const jobs = this.waiting.get(name) ?? [];
    const bytes = rumours.reduce((sum, { entry }) => sum + bytesOf(entry), 0);
    const waiting = jobs.reduce((sum, job) => sum + job.bytes, 0);
    if (waiting + bytes > WAITING_BYTES_MAX && jobs.length > 0) {
      return [{ type: "put-off", origin }];
    }
    const job = { from, delta, rumours, bytes, next: 0, brought: false, missed: false };
    if (origin === this.parts.self) return this.whole(job, nowMs);
    this.waiting.set(name, [...jobs, job]);
    return [];
  }

  /**
   * What was said under our own name is not sliced: a former life is answered a moment after the
   * last of it was heard, and what would still wait then would be replaced unheard.
   */
  private whole(job: Job, nowMs: Millis): readonly Effect[] {
    const effects: Effect[] = [];
    for (; job.next < job.rumours.length; job.next += 1) {
      effects.push(...this.takeNext(job, nowMs));
    }
    if (job.delta !== undefined) effects.push(...this.finish(job, job.delta, nowMs));
    return effects;
  }

  private work(nowMs: Millis): readonly Effect[] {
    const effects: Effect[] = [];
    // An origin with more is put back behind the others, and so comes by here again.
    for (const [name, jobs] of this.waiting) {
      if (this.left <= 0) break;
      effects.push(...this.slice(name, jobs, nowMs));
    }
    if (this.changed.length > 0) effects.push({ type: "deliver", entries: this.changed });
    this.changed = [];
    return effects;
  }

  /** One origin's share; afterwards it is the last in the line. */
  private slice(
    name: NodeId | typeof SHARED,
    jobs: readonly Job[],
    nowMs: Millis,
  ): readonly Effect[] {
    const effects: Effect[] = [];
    const least = Math.max(0, this.left - SLICE_COST_MAX);
    let done = 0;
    for (const job of jobs) {
      while (job.next < job.rumours.length && this.left > least) {
        effects.push(...this.takeNext(job, nowMs));
        job.next += 1;
      }
      if (job.next < job.rumours.length) break;
      if (job.delta !== undefined) effects.push(...this.finish(job, job.delta, nowMs));
      done += 1;
    }
    this.waiting.delete(name);
    if (done < jobs.length) this.waiting.set(name, jobs.slice(done));
    return effects;
  }

  private takeNext(job: Job, nowMs: Millis): readonly Effect[] {
    const rumour = job.rumours[job.next];
    if (rumour === undefined) return [];
    const { replica, clock, self } = this.parts;
    const { entry } = rumour;
    const { origin } = entry;
    if (replica.isKnown(entry)) {
      this.left -= KNOWN_COST;
      return this.repeated(job, nowMs);
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
    return this.judge(job, rumour, outcome, nowMs);
  }

  private judge(
    job: Job,
    { entry, round }: Rumour,
    { fresh, changed, refusal, equivocation }: JoinOutcome,
    nowMs: Millis,
  ): readonly Effect[] {
    const { tree, antiEntropy } = this.parts;
    const { from, delta } = job;
    const isGossip = delta === undefined;
    if (fresh) {
      if (isGossip) tree.useful(from);
      tree.spread(entry, round, from, nowMs);
    }
    if (changed) job.brought = true;
    if (refusal !== undefined) job.missed = true;
    const fault = refusal ?? (equivocation && isGossip ? "equivocation" : undefined);
    // An entry whose origin is not known yet is no fault: its birth is asked for.
    if (fault === "unadmitted" && isGossip) return antiEntropy.ask(from, nowMs);
    if (fault === undefined) return fresh ? [] : this.repeated(job, nowMs);
    return [{ type: "misbehaved", peer: from, fault }];
  }

  private repeated({ from, delta }: Job, nowMs: Millis): readonly Effect[] {
    const { tree, conduct } = this.parts;
    const effects = delta === undefined ? tree.duplicate(from, nowMs) : [];
    if (conduct.repeat(from, nowMs) === "ok") return effects;
    return [...effects, { type: "misbehaved", peer: from, fault: "excess" }];
  }

  /** A delta was gone through. One that was not taken whole makes nothing whole. */
  private finish(job: Job, delta: Delta, nowMs: Millis): readonly Effect[] {
    const { replica, antiEntropy, isNeighbour } = this.parts;
    const { from } = job;
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

/** An entry of an exchange has not been on the tree yet. */
function unspread(entry: Entry): Rumour {
  return { entry, round: 0 };
}

function byOrigin(rumours: readonly Rumour[]): readonly (readonly [NodeId, readonly Rumour[]])[] {
  const groups = new Map<NodeId, Rumour[]>();
  for (const rumour of rumours) {
    const group = groups.get(rumour.entry.origin);
    if (group === undefined) groups.set(rumour.entry.origin, [rumour]);
    else group.push(rumour);
  }
  return [...groups];
}
