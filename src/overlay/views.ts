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
    this.passive.delete(peer.id);
    this.active.set(peer.id, { peer, chosenBy, sinceMs: nowMs, lastHeardMs: nowMs });
  }

  /** Takes a peer out of the active view. */
  deactivate(id: NodeId): Peer | undefined {
    const peer = this.active.get(id)?.peer;
    this.active.delete(id);
    return peer;
  }

  /** Puts a peer into the passive view, pushing out one of `expendable` or a random one. */
  keep(peer: Peer, expendable: readonly NodeId[] = []): void {
    if (peer.id === this.self || this.active.has(peer.id)) return;
    if (!this.passive.has(peer.id) && this.passive.size >= this.limits.passiveMax) {
      const spare = expendable.find((id) => this.passive.has(id));
      const victim = spare ?? pick(this.random, [...this.passive.keys()]);
      if (victim !== undefined) this.passive.delete(victim);
    }
    this.passive.set(peer.id, peer);
  }

  drop(id: NodeId): void {
    this.passive.delete(id);
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
