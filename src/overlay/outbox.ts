import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import type { Effect } from "./effects.ts";
import type { Message, Peer } from "./messages.ts";

/** Messages that wait for one link to open. */
const WAITING_MAX = 4;

interface Link {
  readonly peer: Peer;
  usedMs: Millis;
}

/** The links there are, and what waits for those that are being opened. */
export class Outbox {
  private readonly links = new Map<NodeId, Link>();
  private readonly waiting = new Map<NodeId, Message[]>();
  private effects: Effect[] = [];

  /** Who is at the other end of a link; undefined where there is none. */
  peer(id: NodeId): Peer | undefined {
    return this.links.get(id)?.peer;
  }

  up(peer: Peer, nowMs: Millis): void {
    this.links.set(peer.id, { peer, usedMs: nowMs });
    for (const message of this.waiting.get(peer.id) ?? []) this.sendNow(peer.id, message, nowMs);
    this.waiting.delete(peer.id);
  }

  /** The link is gone. */
  down(id: NodeId): void {
    this.links.delete(id);
    this.waiting.delete(id);
  }

  /** The peer can't be reached: what waited for it is dropped. */
  giveUp(id: NodeId): void {
    this.waiting.delete(id);
  }

  used(id: NodeId, nowMs: Millis): void {
    const link = this.links.get(id);
    if (link !== undefined) link.usedMs = nowMs;
  }

  /** Links that carried nothing for so long. */
  idle(spanMs: Millis, nowMs: Millis): readonly NodeId[] {
    return [...this.links].filter(([, link]) => nowMs - link.usedMs > spanMs).map(([id]) => id);
  }

  /** Sends a message, dialling `route` first where there is no link. */
  send(route: Peer, message: Message, nowMs: Millis): void {
    if (this.links.has(route.id)) {
      this.sendNow(route.id, message, nowMs);
      return;
    }
    const queue = this.waiting.get(route.id) ?? [];
    if (queue.length >= WAITING_MAX) return;
    this.waiting.set(route.id, [...queue, message]);
    if (queue.length === 0) this.add({ type: "dial", peer: route });
  }

  add(effect: Effect): void {
    this.effects.push(effect);
  }

  /** The effects gathered since the last call. */
  take(): readonly Effect[] {
    const effects = this.effects;
    this.effects = [];
    return effects;
  }

  private sendNow(to: NodeId, message: Message, nowMs: Millis): void {
    this.used(to, nowMs);
    this.add({ type: "send", to, message });
  }
}
