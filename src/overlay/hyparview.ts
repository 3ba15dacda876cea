import type { Address, NodeId } from "../base/id.ts";
import { jittered, type Random } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import type { DownReason, Effect } from "./effects.ts";
import { KeepAlive } from "./keep-alive.ts";
import type { Answer, Message, Peer, Priority } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { type OverlayParameters, PEERS_MAX } from "./parameters.ts";
import { Probes } from "./probes.ts";
import { Remembered } from "./remembered.ts";
import { type Chooser, Views } from "./views.ts";

/** Why a peer was asked; it settles whether we evict somebody when it accepts. */
type Purpose = "join" | "fill" | "walk" | "mend";

interface Request {
  readonly purpose: Purpose;
  readonly deadlineMs: Millis;
}

/** Evictions that others may force on us: so many at once, one more each second. A guess. */
const FORCED_MAX = 10;

/**
 * HyParView (Leitao, Pereira, Rodrigues: DSN 2007), as a state machine: events in, effects out.
 *
 * 1. An active peer has a link, and is active only after it accepted, or asked and was accepted.
 * 2. No peer is in both views, none is this node, and neither view is over its limit.
 * 3. A node with too few neighbours never stops trying, with growing jittered pauses.
 *
 * Deviations: requests are answered (the paper's NEIGHBOR is not), so that views stay symmetric;
 * keep-alives repair what a lost message left one-sided; forced evictions are rate-limited; peers
 * are remembered beyond the passive view; silent ones are probed, so that halves meet again.
 */
export class Hyparview {
  readonly views: Views;
  readonly remembered: Remembered;
  readonly out = new Outbox();
  private readonly requests = new Map<NodeId, Request>();
  readonly keepAlives = new KeepAlive();
  private shuffled: readonly NodeId[] = [];
  private forced = FORCED_MAX;
  private careMs: Millis = 0;
  private pingAtMs: Millis = 0;
  private shuffleAtMs: Millis;
  private readonly probes: Probes;

  constructor(
    private readonly self: NodeId,
    private readonly addresses: () => readonly Address[],
    private readonly parameters: OverlayParameters,
    private readonly random: Random,
  ) {
    this.views = new Views(self, parameters, random);
    this.remembered = new Remembered(random, parameters);
    this.probes = new Probes(random, parameters);
    this.shuffleAtMs = jittered(random, parameters.shuffleMs, 0.5);
  }

  /** When `wake` wants to be called next, on the monotonic clock. */
  wakeAtMs(): Millis {
    return Math.min(this.careMs, this.pingAtMs, this.shuffleAtMs);
  }

  linkUp(peer: Peer, nowMs: Millis): readonly Effect[] {
    this.remembered.meet(peer);
    this.remembered.succeeded(peer.id);
    this.out.up(peer, nowMs);
    const asked = this.requests.has(peer.id) || this.views.active.has(peer.id);
    if (!asked && this.views.active.size === 0) this.request(peer, "join", nowMs);
    return this.take();
  }

  linkDown(id: NodeId, nowMs: Millis): readonly Effect[] {
    // A link that only fell idle says nothing about its peer.
    const wasNeeded = this.requests.has(id) || this.views.active.has(id);
    if (wasNeeded) this.remembered.failed(id, nowMs);
    this.out.down(id);
    this.requests.delete(id);
    this.keepAlives.forget(id);
    if (this.leave(id, "link-lost") !== undefined) this.careMs = nowMs;
    return this.take();
  }

  dialFailed(id: NodeId, nowMs: Millis): readonly Effect[] {
    this.requests.delete(id);
    this.out.giveUp(id);
    if (!this.views.hasSpareRoom) this.views.drop(id);
    this.remembered.failed(id, nowMs);
    return this.take();
  }

  /** A hint that a peer may be somewhere: kept, and tried when one is needed. */
  hint(peer: Peer, nowMs: Millis): readonly Effect[] {
    if (peer.id === this.self) return [];
    this.remembered.meet(peer);
    if (this.views.hasRoom) this.views.keep(this.remembered.get(peer.id) ?? peer);
    if (this.views.active.size === 0) this.careMs = nowMs;
    return this.take();
  }

  message(from: NodeId, message: Message, nowMs: Millis): readonly Effect[] {
    const peer = this.out.peer(from);
    if (peer === undefined) return [];
    this.out.used(from, nowMs);
    const active = this.views.active.get(from);
    if (active !== undefined) active.lastHeardMs = nowMs;
    this.onMessage(peer, message, nowMs);
    return this.take();
  }

  /** Does what is due. `silent` are peers of the mesh that have not been heard of for long. */
  wake(nowMs: Millis, silent: () => readonly NodeId[]): readonly Effect[] {
    if (nowMs >= this.pingAtMs) this.keepAlive(nowMs);
    if (nowMs >= this.careMs) this.care(nowMs, silent);
    if (nowMs >= this.shuffleAtMs) this.shuffle(nowMs);
    return this.take();
  }

  /** Says goodbye to all neighbours, for a clean stop. */
  stop(): readonly Effect[] {
    for (const id of [...this.views.active.keys()]) this.evict(id);
    return this.take();
  }

  private onMessage(peer: Peer, message: Message, nowMs: Millis): void {
    switch (message.type) {
      case "join":
        return this.onJoin(peer, nowMs);
      case "forward-join":
        return this.onForwardJoin(peer, message.joiner, message.ttl, nowMs);
      case "neighbor":
        return this.onNeighbor(peer, message.priority, nowMs);
      case "neighbor-reply":
        this.learn(message.contacts, [], peer.id);
        return this.onReply(peer, message.answer === "accepted", nowMs);
      case "disconnect":
        this.learn(message.contacts, [], peer.id);
        return this.onDisconnect(peer, nowMs);
      case "shuffle":
        return this.onShuffle(peer, message.origin, message.ttl, message.peers, nowMs);
      case "shuffle-reply":
        return this.learn(message.peers, this.shuffled, undefined);
      case "ping":
        return this.onPing(peer, message.nonce, nowMs);
      case "pong":
        return this.keepAlives.pong(peer.id, message.nonce, nowMs);
      default:
    }
  }

  /** Section 4.3: the contact takes the newcomer in and sends walks for it. */
  private onJoin(peer: Peer, nowMs: Millis): void {
    if (!this.makeRoomFor(peer.id, "forced")) return this.refuse(peer, nowMs);
    this.accept(peer, "peer", nowMs);
    const ttl = this.parameters.activeWalkLength;
    for (const other of this.views.activePeers()) {
      if (other.id === peer.id) continue;
      this.send(other, { type: "forward-join", joiner: peer, ttl }, nowMs);
    }
  }

  /** Section 4.3. A walk with nowhere to go ends here; it is never dropped. */
  private onForwardJoin(from: Peer, joiner: Peer, ttlSaid: number, nowMs: Millis): void {
    if (joiner.id === this.self || this.views.active.has(joiner.id)) return;
    this.remembered.meet(joiner);
    const ttl = Math.min(ttlSaid, this.parameters.activeWalkLength);
    if (ttl === this.parameters.passiveWalkLength) this.views.keep(joiner);
    const next = this.views.randomActive(1, [from.id, joiner.id])[0];
    if (ttl === 0 || this.views.active.size <= 1 || next === undefined) {
      return this.request(joiner, "walk", nowMs);
    }
    this.send(next, { type: "forward-join", joiner, ttl: ttl - 1 }, nowMs);
  }

  private onNeighbor(peer: Peer, priority: Priority, nowMs: Millis): void {
    const means = priority === "high" ? "forced" : "free";
    if (!this.makeRoomFor(peer.id, means)) return this.refuse(peer, nowMs);
    this.accept(peer, this.requests.has(peer.id) ? "self" : "peer", nowMs);
  }

  private onReply(peer: Peer, accepted: boolean, nowMs: Millis): void {
    const request = this.requests.get(peer.id);
    this.requests.delete(peer.id);
    if (!accepted) this.views.keep(peer);
    if (!accepted) return this.remembered.failed(peer.id, nowMs);
    if (this.views.active.has(peer.id)) return;
    const evicts = request !== undefined && request.purpose !== "fill" ? "own" : "free";
    // A reply to nothing that still stands would make the view one-sided.
    if (request === undefined || !this.makeRoomFor(peer.id, evicts)) return this.part(peer, nowMs);
    this.enter(peer, "self", nowMs);
  }

  private onDisconnect(peer: Peer, nowMs: Millis): void {
    if (this.leave(peer.id, "told") === undefined) return;
    this.views.keep(peer);
    this.remembered.failed(peer.id, nowMs);
    this.careMs = nowMs;
  }

  /** Section 4.4. The reply goes over a link of its own that is closed when idle. */
  private onShuffle(
    from: Peer,
    origin: Peer,
    ttlSaid: number,
    peers: readonly Peer[],
    nowMs: Millis,
  ): void {
    if (origin.id === this.self) return;
    const ttl = Math.min(ttlSaid, this.parameters.shuffleTtl) - 1;
    const next = this.views.randomActive(1, [from.id, origin.id])[0];
    if (ttl > 0 && this.views.active.size > 1 && next !== undefined) {
      return this.send(next, { type: "shuffle", origin, ttl, peers }, nowMs);
    }
    const given = this.views.randomPassive(peers.length);
    this.send(origin, { type: "shuffle-reply", peers: given }, nowMs);
    const expendable = given.map(({ id }) => id);
    this.learn([origin], expendable, undefined);
    this.learn(peers, expendable, origin.id);
  }

  /** A ping says "you are in my active view"; whoever disagrees mends it here. */
  private onPing(peer: Peer, nonce: number, nowMs: Millis): void {
    if (!this.views.active.has(peer.id)) {
      if (!this.makeRoomFor(peer.id, "free")) return this.part(peer, nowMs);
      this.requests.delete(peer.id);
      this.enter(peer, "peer", nowMs);
    }
    this.keepAlives.heardPing(peer.id, nowMs);
    this.send(peer, { type: "pong", nonce }, nowMs);
  }

  private keepAlive(nowMs: Millis): void {
    const { pingMs, silentMs, affirmMs } = this.parameters;
    this.pingAtMs = nowMs + jittered(this.random, pingMs, 0.1);
    this.keepAlives.startRound();
    for (const [id, active] of [...this.views.active]) {
      if (nowMs - active.lastHeardMs > silentMs) {
        this.leave(id, "silent");
        this.remembered.failed(id, nowMs);
        this.out.add({ type: "close", peer: id });
        this.careMs = nowMs;
        continue;
      }
      const sinceMs = nowMs - active.lastHeardMs < pingMs ? nowMs - affirmMs : nowMs;
      if (this.keepAlives.rests(id) || this.keepAlives.isAffirmed(id, sinceMs)) continue;
      this.send(active.peer, { type: "ping", nonce: this.keepAlives.ping(id, nowMs) }, nowMs);
    }
  }

  private care(nowMs: Millis, silent: () => readonly NodeId[]): void {
    this.careMs = nowMs + jittered(this.random, this.parameters.careMs, 0.2);
    this.forced = Math.min(FORCED_MAX, this.forced + 1);
    for (const [id, { deadlineMs }] of [...this.requests]) {
      if (deadlineMs <= nowMs) this.requests.delete(id);
    }
    this.fill(nowMs);
    this.probe(nowMs, silent);
    for (const id of this.out.idle(this.parameters.idleLinkMs, nowMs)) {
      const needed = this.views.active.has(id) || this.requests.has(id);
      if (!needed) this.out.add({ type: "close", peer: id });
    }
  }

  /** Section 4.5: places in the active view are filled from the passive one. */
  private fill(nowMs: Millis): void {
    const { activeMin, activeMax } = this.parameters;
    let wanted = Math.min(activeMin, activeMax) - this.views.active.size - this.requests.size;
    if (wanted <= 0) return;
    const rested = (id: NodeId) =>
      this.remembered.isRested(id, nowMs) && !this.requests.has(id) && !this.views.active.has(id);
    const introduced = new Set<NodeId>();
    for (const peer of this.views.candidates()) {
      if (wanted <= 0) return;
      // Two that one neighbour named would be neighbours of each other: views would cluster.
      const introducer = this.views.introducer(peer.id);
      if (!rested(peer.id) || introduced.has(introducer)) continue;
      introduced.add(introducer);
      wanted -= 1;
      this.request(peer, "fill", nowMs);
    }
    if (this.views.active.size > 0 || this.requests.size > 0) return;
    const known = this.remembered.all().filter(({ id }) => rested(id));
    const peer = this.remembered.leastTried(
      known.map(({ id }) => id),
      nowMs,
    );
    if (peer !== undefined) this.request(peer, "fill", nowMs);
  }

  /** Dials one of those that fell silent, so that two halves with full views meet again. */
  private probe(nowMs: Millis, silent: () => readonly NodeId[]): void {
    if (!this.probes.isDue(nowMs)) return;
    const lost = silent().filter((id) => this.out.peer(id) === undefined && id !== this.self);
    this.probes.planNext(lost.length, nowMs);
    const peer = this.remembered.leastTried(lost, nowMs);
    if (peer !== undefined) this.request(peer, "mend", nowMs);
  }

  private shuffle(nowMs: Millis): void {
    const { shuffleMs, shuffleActive, shufflePassive, shuffleTtl } = this.parameters;
    this.shuffleAtMs = nowMs + jittered(this.random, shuffleMs, 0.2);
    const target = this.views.randomActive(1)[0];
    if (target === undefined) return;
    const active = this.views.randomActive(shuffleActive, [target.id]);
    const passive = this.views.randomPassive(shufflePassive);
    this.shuffled = passive.map(({ id }) => id);
    const origin = { id: this.self, addresses: this.addresses() };
    const peers = [...active, ...passive];
    this.send(target, { type: "shuffle", origin, ttl: shuffleTtl, peers }, nowMs);
  }

  private learn(
    peers: readonly Peer[],
    expendable: readonly NodeId[],
    introducer: NodeId | undefined,
  ): void {
    for (const peer of peers.slice(0, PEERS_MAX)) {
      if (peer.id === this.self) continue;
      this.remembered.meet(peer);
      this.views.keep(peer, expendable, introducer);
    }
  }

  private request(peer: Peer, purpose: Purpose, nowMs: Millis): void {
    if (peer.id === this.self || this.requests.has(peer.id) || this.views.active.has(peer.id)) {
      return;
    }
    this.requests.set(peer.id, { purpose, deadlineMs: nowMs + this.parameters.requestMs });
    const addresses = this.addresses();
    // Two that have but each other are as lonely as one that has nobody.
    const lonely = this.views.active.size <= 1 || purpose === "mend";
    const message: Message =
      purpose === "join"
        ? { type: "join", addresses }
        : { type: "neighbor", priority: lonely ? "high" : "low", addresses };
    this.send(peer, message, nowMs);
  }

  private accept(peer: Peer, chosenBy: Chooser, nowMs: Millis): void {
    this.requests.delete(peer.id);
    this.enter(peer, chosenBy, nowMs);
    this.reply(peer, "accepted", nowMs);
  }

  private refuse(peer: Peer, nowMs: Millis): void {
    this.views.keep(peer);
    this.reply(peer, "refused", nowMs);
  }

  private reply(peer: Peer, answer: Answer, nowMs: Millis): void {
    const contacts = this.views.contacts(peer.id);
    this.send(peer, { type: "neighbor-reply", answer, contacts }, nowMs);
  }

  private part(peer: Peer, nowMs: Millis): void {
    this.send(peer, { type: "disconnect", contacts: this.views.contacts(peer.id) }, nowMs);
  }

  private enter(peer: Peer, chosenBy: Chooser, nowMs: Millis): void {
    if (this.views.active.has(peer.id)) return;
    this.views.activate(peer, chosenBy, nowMs);
    this.out.add({ type: "neighbor-up", peer: peer.id });
  }

  private leave(id: NodeId, reason: DownReason): Peer | undefined {
    const peer = this.views.deactivate(id);
    if (peer !== undefined) this.out.add({ type: "neighbor-down", peer: id, reason });
    // To be tried again: a short cut is over long before its other side is taken for dead.
    if (peer !== undefined && this.views.hasSpareRoom) this.views.keep(peer);
    return peer;
  }

  private evict(id: NodeId): void {
    const peer = this.leave(id, "evicted");
    if (peer === undefined) return;
    this.views.keep(peer);
    const message = { type: "disconnect", contacts: this.views.contacts(id) } as const;
    this.out.add({ type: "send", to: id, message });
  }

  /** "free": only where there is room; "own": evict for our own request; "forced": for theirs. */
  private makeRoomFor(id: NodeId, means: "free" | "own" | "forced"): boolean {
    if (this.views.active.has(id) || this.views.hasRoom) return true;
    if (means === "free" || (means === "forced" && this.forced < 1)) return false;
    if (means === "forced") this.forced -= 1;
    const victim = this.views.evictable();
    if (victim !== undefined) this.evict(victim);
    return this.views.hasRoom;
  }

  private send(peer: Peer, message: Message, nowMs: Millis): void {
    this.out.send(this.remembered.get(peer.id) ?? peer, message, nowMs);
  }

  private take(): readonly Effect[] {
    return this.out.take();
  }
}
