import type { Address, NodeId } from "../base/id.ts";
import type { Random } from "../base/random.ts";
import type { Clock, Millis } from "../base/time.ts";
import type { Entry } from "../replica/entry.ts";
import type { Replica } from "../replica/replica.ts";
import { AntiEntropy } from "./anti-entropy.ts";
import { Conduct, isOffence, type Offence } from "./conduct.ts";
import type { Effect } from "./effects.ts";
import { EntryIntake } from "./entry-intake.ts";
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
  /** A peer sent over its link what no node sends. */
  | { readonly type: "offence"; readonly from: NodeId; readonly offence: Offence }
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
  /** How peers behave on their links. */
  readonly conduct = new Conduct();
  /** Where entries of others come in. */
  readonly intake: EntryIntake;
  private readonly antiEntropy: AntiEntropy;
  private nowMs: Millis = 0;
  /** Entries that this turn brought. */
  private news: Entry[] = [];

  constructor(private readonly options: OverlayOptions) {
    const { self, addresses, replica, parameters, random } = options;
    this.membership = new Hyparview(self, addresses, parameters, random);
    this.tree = new Plumtree(
      parameters,
      {
        // Of an origin that writes too much nothing is asked for either.
        knows: (origin, dot) =>
          replica.state(origin)?.knows(dot) === true ||
          this.intake.budgets.isResting(origin, this.nowMs),
        held: (origin, key, dot) => replica.state(origin)?.heldAt(key, dot),
      },
      random,
    );
    this.antiEntropy = new AntiEntropy(replica, parameters, random);
    this.intake = new EntryIntake({
      ...options,
      tree: this.tree,
      antiEntropy: this.antiEntropy,
      conduct: this.conduct,
      isNeighbour: (peer) => this.membership.views.active.has(peer),
    });
  }

  /** When the next "wake" is due, on the monotonic clock. */
  wakeAtMs(): Millis {
    const parts = [this.membership, this.tree, this.antiEntropy, this.intake];
    return Math.min(...parts.map((part) => part.wakeAtMs()));
  }

  /** Takes an event and ends the turn. */
  handle(event: OverlayEvent, nowMs: Millis): readonly Effect[] {
    return [...this.take(event, nowMs), ...this.endTurn()];
  }

  /** Takes one of the events of a turn. */
  take(event: OverlayEvent, nowMs: Millis): readonly Effect[] {
    this.nowMs = nowMs;
    const effects = this.settle(this.held(this.dispatch(event, nowMs), nowMs), nowMs);
    const isNews = (effect: Effect) => effect.type === "deliver";
    if (!effects.some(isNews)) return effects;
    for (const effect of effects) if (effect.type === "deliver") this.news.push(...effect.entries);
    return effects.filter((effect) => !isNews(effect));
  }

  /** Whether the events since the last turn ended left anything to do. */
  get hasTurn(): boolean {
    return this.news.length > 0 || this.tree.hasPushes;
  }

  /**
   * What a turn's events brought together: few frames for many entries. What listeners here do
   * with news must not hold it up for the next hop, so that goes first.
   */
  endTurn(): readonly Effect[] {
    const news = this.news;
    this.news = [];
    const told: Effect[] = news.length === 0 ? [] : [{ type: "deliver", entries: news }];
    return [...this.tree.flush(), ...told];
  }

  /** Leaves in good order; the effects are the farewells. */
  stop(): readonly Effect[] {
    return this.membership.stop();
  }

  private dispatch(event: OverlayEvent, nowMs: Millis): readonly Effect[] {
    switch (event.type) {
      case "link-up":
        if (this.conduct.isBanned(event.peer.id, nowMs)) {
          return [{ type: "close", peer: event.peer.id }];
        }
        return this.membership.linkUp(event.peer, nowMs);
      case "link-down":
        this.intake.drop(event.peer);
        return this.membership.linkDown(event.peer, nowMs);
      case "offence":
        return [{ type: "misbehaved", peer: event.from, fault: event.offence }];
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
      ...this.intake.turn(nowMs),
    ];
  }

  private onMessage(from: NodeId, message: Message, nowMs: Millis): readonly Effect[] {
    // What was on its way when the link was cut.
    if (this.conduct.isBanned(from, nowMs)) return [];
    if (this.conduct.frame(from, nowMs) === "excess") {
      return [{ type: "misbehaved", peer: from, fault: "excess" }];
    }
    const heard = this.membership.message(from, message, nowMs);
    switch (message.type) {
      case "gossip":
      case "delta":
        return [...heard, ...this.intake.add(from, message, nowMs)];
      case "ihave":
        this.tree.onIhave(from, message.announcements, nowMs);
        return heard;
      case "graft":
        this.tree.onGraft(from, message.wanted, nowMs);
        return heard;
      case "prune":
        return [...heard, ...this.tree.onPrune(from, nowMs)];
      case "digest":
        return [...heard, ...this.antiEntropy.onDigest(from, message.digest)];
      case "vector":
        return [...heard, ...this.antiEntropy.onVector(from, message.rows, message.exchange)];
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

  /** Holds against peers what they did. */
  private held(effects: readonly Effect[], nowMs: Millis): readonly Effect[] {
    return effects.flatMap((effect) => {
      if (effect.type !== "misbehaved" || !isOffence(effect.fault)) return [effect];
      return [effect, ...this.hold(effect.peer, effect.fault, nowMs)];
    });
  }

  /** Cuts the link of a peer that goes on doing what no node does. */
  private hold(peer: NodeId, offence: Offence, nowMs: Millis): readonly Effect[] {
    if (!this.conduct.offend(peer, offence, nowMs)) return [];
    this.intake.drop(peer);
    return [
      { type: "misbehaved", peer, fault: "banned" },
      { type: "close", peer },
    ];
  }

  /** Keeps the tree in step with the membership, and compares states on each new link. */
  private settle(effects: readonly Effect[], nowMs: Millis): readonly Effect[] {
    const all: Effect[] = [];
    for (const effect of effects) {
      all.push(effect);
      if (effect.type === "neighbor-up") {
        this.tree.neighborUp(effect.peer, nowMs);
        all.push(...this.antiEntropy.compare(effect.peer));
      } else if (effect.type === "neighbor-down") {
        all.push(...this.tree.neighborDown(effect.peer, nowMs));
        this.antiEntropy.neighborDown(effect.peer);
      }
    }
    return all;
  }
}
