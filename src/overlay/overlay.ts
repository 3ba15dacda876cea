import type { Address, NodeId } from "../base/id.ts";
import type { Random } from "../base/random.ts";
import type { Clock, Millis } from "../base/time.ts";
import type { Entry } from "../replica/entry.ts";
import type { JoinOutcome, Refusal, Replica } from "../replica/replica.ts";
import { AntiEntropy } from "./anti-entropy.ts";
import type { Effect } from "./effects.ts";
import { Hyparview } from "./hyparview.ts";
import type { Message, Peer } from "./messages.ts";
import type { OverlayParameters } from "./parameters.ts";
import { Plumtree } from "./plumtree.ts";

export type OverlayEvent =
  | { readonly type: "link-up"; readonly peer: Peer }
  | { readonly type: "link-down"; readonly peer: NodeId }
  | { readonly type: "dial-failed"; readonly peer: NodeId }
  | { readonly type: "hint"; readonly peer: Peer }
  | { readonly type: "message"; readonly from: NodeId; readonly message: Message }
  /** Entries that this node wrote and has joined into its replica. */
  | { readonly type: "written"; readonly entries: readonly Entry[] }
  /** A letter to any peer, by a link of its own where there is none. */
  | { readonly type: "post"; readonly peer: Peer; readonly letter: Uint8Array }
  | { readonly type: "wake" };

export interface OverlayOptions {
  readonly self: NodeId;
  /** Addresses under which this node may be reached, now. */
  readonly addresses: () => readonly Address[];
  readonly replica: Replica;
  readonly parameters: OverlayParameters;
  readonly random: Random;
  /** Only its wall clock is used here, and only to steer the hybrid clock. */
  readonly clock: Clock;
  /** Nodes of the mesh that have not been heard of for long. */
  silent(nowMs: Millis): readonly NodeId[];
}

/**
 * The overlay of one node: HyParView for who the neighbours are, Plumtree for spreading entries,
 * anti-entropy for the rest. Events in, effects out; no clock, no dice, no sockets of its own.
 */
export class Overlay {
  readonly membership: Hyparview;
  readonly tree: Plumtree;
  private readonly antiEntropy: AntiEntropy;

  constructor(private readonly options: OverlayOptions) {
    const { self, addresses, replica, parameters, random } = options;
    this.membership = new Hyparview(self, addresses, parameters, random);
    this.tree = new Plumtree(
      parameters,
      {
        knows: (origin, dot) => replica.state(origin)?.knows(dot) === true,
        held: (origin, key, dot) => replica.state(origin)?.heldAt(key, dot),
      },
      random,
    );
    this.antiEntropy = new AntiEntropy(replica, parameters, random);
  }

  /** When the next "wake" is due, on the monotonic clock. */
  wakeAtMs(): Millis {
    return Math.min(this.membership.wakeAtMs(), this.tree.wakeAtMs(), this.antiEntropy.wakeAtMs());
  }

  handle(event: OverlayEvent, nowMs: Millis): readonly Effect[] {
    const effects = this.settle(this.dispatch(event, nowMs));
    return [...effects, ...this.tree.flush()];
  }

  /** Leaves in good order; the effects are the farewells. */
  stop(): readonly Effect[] {
    return this.membership.stop();
  }

  private dispatch(event: OverlayEvent, nowMs: Millis): readonly Effect[] {
    switch (event.type) {
      case "link-up":
        return this.membership.linkUp(event.peer, nowMs);
      case "link-down":
        return this.membership.linkDown(event.peer, nowMs);
      case "dial-failed":
        return this.membership.dialFailed(event.peer, nowMs);
      case "hint":
        return this.membership.hint(event.peer, nowMs);
      case "message":
        return this.onMessage(event.from, event.message, nowMs);
      case "written":
        for (const entry of event.entries) this.tree.spread(entry, 0, undefined, nowMs);
        return [];
      case "post":
        return this.post(event.peer, { type: "history", letter: event.letter }, nowMs);
      case "wake":
        return this.wake(nowMs);
    }
  }

  private wake(nowMs: Millis): readonly Effect[] {
    const neighbours = [...this.membership.views.active.keys()];
    return [
      ...this.membership.wake(nowMs, () => this.options.silent(nowMs)),
      ...this.tree.wake(nowMs),
      ...this.antiEntropy.wake(neighbours, nowMs),
    ];
  }

  private onMessage(from: NodeId, message: Message, nowMs: Millis): readonly Effect[] {
    const heard = this.membership.message(from, message, nowMs);
    switch (message.type) {
      case "gossip":
        return [...heard, ...this.onGossip(from, message.rumours, nowMs)];
      case "ihave":
        this.tree.onIhave(from, message.announcements, nowMs);
        return heard;
      case "graft":
        this.tree.onGraft(from, message.wanted);
        return heard;
      case "prune":
        return [...heard, ...this.tree.onPrune(from)];
      case "digest":
        return [...heard, ...this.antiEntropy.onDigest(from, message.digest)];
      case "vector":
        return [...heard, ...this.antiEntropy.onVector(from, message.rows, message.exchange)];
      case "delta":
        return [...heard, ...this.onDelta(from, message, nowMs)];
      case "history":
        return [...heard, { type: "letter", from, letter: message.letter }];
      default:
        return heard;
    }
  }

  /** Not the membership's own: its links are closed when they fall idle. */
  private post(peer: Peer, message: Message, nowMs: Millis): readonly Effect[] {
    this.membership.out.send(peer, message, nowMs);
    return this.membership.out.take();
  }

  private onGossip(
    from: NodeId,
    rumours: readonly { readonly entry: Entry; readonly round: number }[],
    nowMs: Millis,
  ): readonly Effect[] {
    const effects: Effect[] = [];
    const changed: Entry[] = [];
    for (const { entry, round } of rumours) {
      const outcome = this.join(entry, nowMs);
      if (this.concernsUs(entry, outcome)) changed.push(entry);
      if (outcome.fresh) {
        this.tree.useful(from);
        this.tree.spread(entry, round, from, nowMs);
      } else if (outcome.refusal !== undefined || outcome.equivocation) {
        effects.push(...this.blame(from, outcome.refusal ?? "equivocation", nowMs));
      } else effects.push(...this.tree.duplicate(from, nowMs));
    }
    if (changed.length > 0) effects.push({ type: "deliver", entries: changed });
    return effects;
  }

  private onDelta(
    from: NodeId,
    delta: Extract<Message, { type: "delta" }>,
    nowMs: Millis,
  ): readonly Effect[] {
    const effects: Effect[] = [];
    const changed: Entry[] = [];
    let refused = false;
    for (const entry of delta.entries) {
      const outcome = this.join(entry, nowMs);
      if (this.concernsUs(entry, outcome)) changed.push(entry);
      if (outcome.fresh) this.tree.spread(entry, 0, from, nowMs);
      if (outcome.refusal === undefined) continue;
      refused = true;
      effects.push({ type: "misbehaved", peer: from, fault: outcome.refusal });
    }
    // A delta that was not taken whole makes nothing whole.
    if (!refused) this.options.replica.cover(delta.origin, delta.from, delta.to);
    if (changed.length > 0) effects.push({ type: "deliver", entries: changed });
    const progress = changed.length > 0 && !refused;
    // Only with neighbours: whoever is kept up to date otherwise is never missed, nor probed for.
    const isNeighbour = this.membership.views.active.has(from);
    if (progress && isNeighbour && delta.rest === "none") this.antiEntropy.recheck(from, nowMs);
    if (delta.rest === "more" && progress) effects.push(...this.antiEntropy.goOn(from));
    return effects;
  }

  private join(entry: Entry, nowMs: Millis) {
    return this.options.replica.join(entry, nowMs, this.options.clock.wallMs());
  }

  /** Entries under our own name matter even when they lose: a former life or a twin wrote them. */
  private concernsUs(entry: Entry, outcome: JoinOutcome): boolean {
    return outcome.changed || (outcome.fresh && entry.origin === this.options.self);
  }

  /** An entry whose origin is not known yet is no fault: its birth is asked for. */
  private blame(from: NodeId, fault: Refusal | "equivocation", nowMs: Millis): readonly Effect[] {
    if (fault === "unadmitted") return this.antiEntropy.ask(from, nowMs);
    return [{ type: "misbehaved", peer: from, fault }];
  }

  /** Keeps the tree in step with the membership, and compares states on each new link. */
  private settle(effects: readonly Effect[]): readonly Effect[] {
    const all: Effect[] = [];
    for (const effect of effects) {
      all.push(effect);
      if (effect.type === "neighbor-up") {
        this.tree.neighborUp(effect.peer);
        all.push(...this.antiEntropy.compare(effect.peer));
      } else if (effect.type === "neighbor-down") {
        this.tree.neighborDown(effect.peer);
        this.antiEntropy.neighborDown(effect.peer);
      }
    }
    return all;
  }
}
