import type { NodeId } from "../base/id.ts";
import { pick, type Random, sample } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import type { Peer } from "./messages.ts";

/** Who asked for the link: at least OWN_CHOICE_MIN stay of those that we chose ourselves. */
export type Chooser = "self" | "peer";

/** So that nobody can push out all neighbours that a node chose (faults.md, T5). */
export const OWN_CHOICE_MIN = 2;

/** Contacts given with a refusal or a farewell, so that nobody is left with none. */
const CONTACTS = 8;

export interface ActivePeer {
  readonly peer: Peer;
  readonly chosenBy: Chooser;
  readonly sinceMs: Millis;
  lastHeardMs: Millis;
}

/**
 * The two views of HyParView.
 *
 * 1. Neither holds this node. 2. No peer is in both. 3. Neither is over its limit.
 */
export class Views {
  readonly active = new Map<NodeId, ActivePeer>();
  readonly passive = new Map<NodeId, Peer>();
  /** Of passive peers that were named by a neighbour of theirs: by whom. */
  private readonly introducers = new Map<NodeId, NodeId>();

  constructor(
    private readonly self: NodeId,
    private readonly limits: { readonly activeMax: number; readonly passiveMax: number },
    private readonly random: Random,
  ) {}

  get hasRoom(): boolean {
    return this.active.size < this.limits.activeMax;
  }

  /** Makes a peer active; the caller has made room. */
  activate(peer: Peer, chosenBy: Chooser, nowMs: Millis): void {
    if (peer.id === this.self || !this.hasRoom) return;
    this.drop(peer.id);
    this.active.set(peer.id, { peer, chosenBy, sinceMs: nowMs, lastHeardMs: nowMs });
  }

  /** Takes a peer out of the active view. */
  deactivate(id: NodeId): Peer | undefined {
    const peer = this.active.get(id)?.peer;
    this.active.delete(id);
    return peer;
  }

  /**
   * Puts a peer into the passive view, pushing out one of `expendable` or a random one.
   * `introducer` is the neighbour of it that named it, if one did.
   */
  keep(peer: Peer, expendable: readonly NodeId[] = [], introducer: NodeId = peer.id): void {
    if (peer.id === this.self || this.active.has(peer.id)) return;
    if (!this.passive.has(peer.id) && this.passive.size >= this.limits.passiveMax) {
      const spare = expendable.find((id) => this.passive.has(id));
      const victim = spare ?? pick(this.random, [...this.passive.keys()]);
      if (victim !== undefined) this.drop(victim);
    }
    this.passive.set(peer.id, peer);
    if (introducer === peer.id) this.introducers.delete(peer.id);
    else this.introducers.set(peer.id, introducer);
  }

  /** The neighbour of a passive peer that named it; the peer itself where none did. */
  introducer(id: NodeId): NodeId {
    return this.introducers.get(id) ?? id;
  }

  /** Passive peers in random order, those last that a neighbour of ours has for a neighbour. */
  candidates(): readonly Peer[] {
    const all = this.randomPassive(this.limits.passiveMax);
    const isNear = ({ id }: Peer) => this.active.has(this.introducer(id));
    return [...all.filter((peer) => !isNear(peer)), ...all.filter(isNear)];
  }

  drop(id: NodeId): void {
    this.passive.delete(id);
    this.introducers.delete(id);
  }

  /** An active peer that may go; of our own choice only while enough of those remain. */
  evictable(): NodeId | undefined {
    const all = [...this.active.entries()];
    const own = all.filter(([, { chosenBy }]) => chosenBy === "self");
    const free =
      own.length > OWN_CHOICE_MIN ? all : all.filter(([, { chosenBy }]) => chosenBy === "peer");
    return pick(this.random, free.length > 0 ? free : all)?.[0];
  }

  /** While the passive view could hold an office, the dead in it cost nothing but a rare dial. */
  get hasSpareRoom(): boolean {
    return this.passive.size < this.limits.passiveMax / 2;
  }

  /** Some peers for somebody who is turned away. */
  contacts(except: NodeId): readonly Peer[] {
    const some = [
      ...this.randomActive(CONTACTS / 2, [except]),
      ...this.randomPassive(CONTACTS / 2),
    ];
    return some.filter(({ id }) => id !== except);
  }

  activePeers(): readonly Peer[] {
    return [...this.active.values()].map(({ peer }) => peer);
  }

  randomActive(count: number, except: readonly NodeId[] = []): readonly Peer[] {
    const fit = this.activePeers().filter(({ id }) => !except.includes(id));
    return sample(this.random, fit, count);
  }

  randomPassive(count: number): readonly Peer[] {
    return sample(this.random, [...this.passive.values()], count);
  }
}
