import type { Timers } from "../../firmware-bridge/src/timers.ts";
import type { NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { ok, type Result } from "../base/result.ts";
import { type Clock, type Millis, SECOND_MS } from "../base/time.ts";
import { DialBudget } from "../link/discovery/dial-budget.ts";
import type { Discovery, Hint } from "../link/discovery-port.ts";
import type { LinkEvent, LinkTransport } from "../link/port.ts";
import type { FrameCodec } from "../overlay/codec.ts";
import type { Offence } from "../overlay/conduct.ts";
import type { Effect, Fault } from "../overlay/effects.ts";
import type { Peer } from "../overlay/messages.ts";
import type { Overlay, OverlayEvent } from "../overlay/overlay.ts";
import type { Entry } from "../replica/entry.ts";
import type { Replica } from "../replica/replica.ts";
import type { Writer } from "../replica/writer.ts";
import type { Durability, StoreFailure } from "../store/port.ts";
import { CloneWatch } from "./clone-watch.ts";
import type { Counters } from "./counters.ts";
import { Departures } from "./departures.ts";
import { Dialer } from "./dialer.ts";
import { OwnLives } from "./own-lives.ts";
import { writeOwn } from "./own-write.ts";
import { OTHERS_FLUSH_MS, OWN_FLUSH_MS, type Persistence } from "./persistence.ts";
import { reachable } from "./reachable.ts";
import { Speech } from "./speech.ts";
import { Turns } from "./turns.ts";

/** The driver never sleeps longer than this. */
const WAKE_MS_MAX = SECOND_MS;

export interface NodeParts {
  readonly self: NodeId;
  readonly boot: string;
  readonly moved: boolean;
  readonly replica: Replica;
  readonly writer: Writer;
  readonly overlay: Overlay;
  readonly codec: FrameCodec;
  readonly transport: LinkTransport;
  readonly discovery: Discovery;
  readonly persistence: Persistence;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** Why a write of this node did not happen. */
export type WriteFailure = StoreFailure | "clone" | "forgotten" | "replaced";

/**
 * The driver: one queue of events, one switch that performs what the core asks for.
 *
 * It decides nothing that the pure parts could; it moves events in, effects out, and changes to
 * the store and to whoever listens.
 */
export class Node {
  readonly clones: CloneWatch;
  readonly speech: Speech;
  private readonly lives: OwnLives;
  private readonly departures: Departures;
  private readonly dialer: Dialer;
  private readonly dialBudget = new DialBudget();
  private readonly turns: Turns;
  private stopped = false;
  private cancelWake: () => void = () => {};
  private wakeAtMs: Millis = Number.POSITIVE_INFINITY;
  private readonly cancels = new Set<() => void>();
  private readonly listeners = new Set<(entries: readonly Entry[]) => void>();
  private readonly overlayListeners = new Set<() => void>();
  private readonly letterListeners = new Set<(from: NodeId, letter: Uint8Array) => void>();
  private wroteMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: NodeParts) {
    this.clones = new CloneWatch(parts.replica);
    this.lives = new OwnLives({
      ...parts,
      announce: (entries) => this.announce(entries),
      leave: () => this.leave(),
    });
    this.speech = new Speech(parts.transport, parts.codec, parts.counters);
    this.departures = new Departures({
      ...parts,
      send: (peer, message) => this.speech.say(peer, message),
      write: (key, value) => this.write(key, value, "durable"),
      later: (afterMs, callback) => this.later(afterMs, callback),
      changed: () => {
        for (const listener of this.overlayListeners) listener();
      },
      leave: () => this.leave(),
    });
    this.turns = new Turns({
      overlay: parts.overlay,
      now: () => this.now(),
      later: (afterMs, callback) => this.later(afterMs, callback),
      perform: (effects) => this.perform(effects),
      afterwards: () => {
        this.departures.look();
        parts.persistence.gather();
        this.wakeLater();
      },
      hasLeft: () => this.stopped || this.lives.hasLeft,
    });
    this.dialer = new Dialer((address, expected) => parts.transport.dial(address, expected));
  }

  /** Starts the links, discovery and the timers. Rejects with one line where a port is taken. */
  async start(): Promise<void> {
    const { transport, discovery } = this.parts;
    await transport.start((event) => this.onLink(event));
    this.begin();
    await discovery.start((hint) => this.onHint(hint));
  }

  /** Starts this life; links and hints may come from now on. */
  begin(): void {
    const { writer, clock, persistence } = this.parts;
    const born = writer.begin(clock.monotonicMs(), clock.wallMs());
    // Kept before it is heard, so that a process that dies young leaves no life nobody replaces.
    persistence.flush("own", "batched");
    this.announce(born);
    this.every(OWN_FLUSH_MS, () => persistence.flush("own", "batched"));
    this.every(OTHERS_FLUSH_MS, () => persistence.flush("all", "batched"));
    this.wakeLater();
  }

  /** Says goodbye, writes everything to the disk, closes links. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.cancelWake();
    this.lives.stop();
    for (const cancel of this.cancels) cancel();
    this.turns.end();
    this.perform(this.parts.overlay.stop());
    this.parts.persistence.flush("all", "durable");
    await this.parts.discovery.stop();
    await this.parts.transport.stop();
  }

  /**
   * Writes a value of this node's own, or takes a key back with undefined. A durable write that
   * fails leaves what was there.
   */
  write(
    key: string,
    value: Uint8Array | undefined,
    durability: Durability,
  ): Result<void, WriteFailure> {
    if (this.lives.isClone) return { ok: false, error: "clone" };
    if (this.isForgotten) return { ok: false, error: "forgotten" };
    if (this.isReplaced) return { ok: false, error: "replaced" };
    this.lives.answerBeforeWrite();
    this.wroteMs = this.parts.clock.monotonicMs();
    const { entries, failure } = writeOwn(this.parts, key, value, durability);
    this.announce(entries);
    return failure === undefined ? ok(undefined) : { ok: false, error: failure };
  }

  /** Writes all to the disk, and leaves nothing there of what was replaced or taken back. */
  erase(): Result<void, StoreFailure> {
    return this.parts.persistence.erase();
  }

  /** Answers a former life that was heard of, so that what it said is seen before a write. */
  settleLives(): void {
    this.lives.answerBeforeWrite();
  }

  /** Begins a new life, which shows this node's newest credential to all. */
  renew(): void {
    if (this.lives.isClone || this.isForgotten || this.isReplaced) return;
    const { writer, clock } = this.parts;
    this.announce(writer.renew(clock.monotonicMs(), clock.wallMs()));
  }

  /** True once the mesh has put this node out: it writes no more and leaves. */
  get isForgotten(): boolean {
    return this.parts.replica.isRetired(this.parts.self);
  }

  /** True once another node has this one's place: it writes no more and leaves. */
  get isReplaced(): boolean {
    return this.parts.replica.isReplaced(this.parts.self);
  }

  /** True once this process found that it is the clone: it writes no more and leaves the mesh. */
  get isClone(): boolean {
    return this.lives.isClone;
  }

  /** When this node last wrote, monotonic. */
  get lastWroteMs(): Millis {
    return this.wroteMs;
  }

  /** Why the store does not take writes now, if it does not. */
  get storeFailure(): StoreFailure | undefined {
    return this.parts.persistence.failure();
  }

  /** Calls back with entries that changed the state, whoever wrote them. */
  onEntries(listener: (entries: readonly Entry[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls back when the active view changed. */
  onOverlay(listener: () => void): () => void {
    this.overlayListeners.add(listener);
    return () => this.overlayListeners.delete(listener);
  }

  /** Calls back with letters about past readings. */
  onLetter(listener: (from: NodeId, letter: Uint8Array) => void): void {
    this.letterListeners.add(listener);
  }

  /** Sends a letter about past readings, after the event that is under way. */
  post(peer: Peer, letter: Uint8Array): void {
    this.enqueue({ type: "post", peer, letter });
  }

  /** Calls back again and again until the node stops. */
  every(spanMs: Millis, callback: () => void): void {
    this.later(spanMs, () => {
      if (this.stopped) return;
      callback();
      this.every(spanMs, callback);
    });
  }

  private later(afterMs: Millis, callback: () => void): void {
    const cancel = this.parts.timers.set(afterMs, () => {
      this.cancels.delete(cancel);
      callback();
    });
    this.cancels.add(cancel);
  }

  private announce(entries: readonly Entry[]): void {
    this.enqueue({ type: "written", entries });
    this.tell(entries);
  }

  private tell(entries: readonly Entry[]): void {
    for (const listener of this.listeners) listener(entries);
  }

  /** Takes a hint from discovery. */
  onHint({ id, addresses }: Hint): void {
    if (this.stopped || this.lives.hasLeft) return;
    if (id !== undefined && this.departures.isOut(id)) return;
    if (id !== undefined) {
      const admitted = this.dialBudget.admit({ id, addresses }, this.now());
      if (admitted.length === 0) return;
      return this.enqueue({ type: "hint", peer: { id, addresses: admitted } });
    }
    const linked = new Set(this.parts.transport.stats().map(({ remote }) => remote));
    for (const address of addresses) if (!linked.has(address)) this.dialer.reachUnknown(address);
  }

  /** Takes an event from the transport. */
  onLink(event: LinkEvent): void {
    const { counters, codec } = this.parts;
    switch (event.type) {
      case "up": {
        this.dialer.linked(event.peer, event.remote);
        this.speech.met(event.peer, event.hello.version);
        const addresses = reachable(event.hello.addresses, event.remote);
        const peer = { id: event.peer, addresses };
        this.dialBudget.prove(peer);
        if (this.departures.sendOff(event.peer) === "gone") return;
        this.parts.persistence.remember([peer]);
        return this.enqueue({ type: "link-up", peer });
      }
      case "down":
        this.speech.left(event.peer);
        counters.add("watercooler_links_lost_total", event.reason);
        if (event.reason === "oversize") this.offence(event.peer, "oversize");
        return this.enqueue({ type: "link-down", peer: event.peer });
      case "dial-failed": {
        counters.add("watercooler_dials_failed_total", event.reason);
        const lost = this.dialer.failed(event.address);
        // Of crossed dials one fails where the other has become the link.
        const linked = this.parts.transport.stats().some(({ peer }) => peer === lost);
        if (lost !== undefined && !linked) this.enqueue({ type: "dial-failed", peer: lost });
        return;
      }
      case "refused":
        counters.add("watercooler_connections_refused_total", event.reason);
        return counters.trouble(`refused a connection: ${event.reason}`, event.remote);
      case "frame": {
        if (this.parts.replica.isReplaced(event.peer)) return;
        const decoded = codec.decode(event.bytes);
        if (decoded.ok) {
          counters.add("watercooler_frames_received_total", decoded.value.type);
          return this.enqueue({ type: "message", from: event.peer, message: decoded.value });
        }
        counters.add("watercooler_frames_rejected_total", decoded.error.kind);
        if (decoded.error.kind === "malformed") this.offence(event.peer, "malformed");
        return counters.trouble(`a ${decoded.error.kind} frame`, decoded.error.detail);
      }
    }
  }

  private offence(from: NodeId, offence: Offence): void {
    this.enqueue({ type: "offence", from, offence });
  }

  private enqueue(event: OverlayEvent): void {
    this.turns.take(event);
  }

  private perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.performOne(effect);
  }

  private performOne(effect: Effect): void {
    const { transport, counters } = this.parts;
    switch (effect.type) {
      case "send":
        return this.speech.say(effect.to, effect.message);
      case "dial":
        return this.dial(effect.peer);
      case "close":
        return transport.close(effect.peer);
      case "neighbor-up":
      case "neighbor-down":
        this.parts.log.write("info", effect.type, { peer: effect.peer });
        for (const listener of this.overlayListeners) listener();
        return;
      case "deliver":
        this.inspect(effect.entries);
        return this.tell(effect.entries);
      case "letter":
        for (const listener of this.letterListeners) listener(effect.from, effect.letter);
        return;
      case "misbehaved":
        counters.add("watercooler_entries_rejected_total", effect.fault);
        return counters.trouble(troubleOf(effect.fault), effect.peer);
      case "put-off":
        counters.add("watercooler_entries_rejected_total", "put-off");
        return counters.trouble("a node writes more than is taken", effect.origin);
    }
  }

  private dial(peer: Peer): void {
    const mayDial = !this.departures.isOut(peer.id);
    const addresses = mayDial ? this.dialBudget.take(peer, this.now()) : [];
    if (this.dialer.reach({ id: peer.id, addresses })) return;
    this.enqueue({ type: "dial-failed", peer: peer.id });
  }

  private inspect(entries: readonly Entry[]): void {
    const { self, log } = this.parts;
    for (const entry of entries) {
      if (this.clones.see(entry)) {
        log.write("error", "two nodes use one identity: a cloned card?", { node: entry.origin });
      }
      if (entry.origin === self) this.lives.hear(entry);
    }
  }

  private leave(): void {
    const { discovery, transport } = this.parts;
    this.cancelWake();
    // Why it leaves is news to others too.
    this.turns.end();
    void discovery.stop();
    void transport.stop();
  }

  private now(): Millis {
    return this.parts.clock.monotonicMs();
  }

  private wakeLater(): void {
    if (this.stopped || this.lives.hasLeft) return this.cancelWake();
    const nowMs = this.now();
    const afterMs = Math.min(WAKE_MS_MAX, Math.max(1, this.parts.overlay.wakeAtMs() - nowMs));
    // A timer that fires early costs less than one set anew for every frame.
    if (this.wakeAtMs <= nowMs + afterMs) return;
    this.cancelWake();
    this.wakeAtMs = nowMs + afterMs;
    this.cancelWake = this.parts.timers.set(afterMs, () => {
      this.wakeAtMs = Number.POSITIVE_INFINITY;
      this.enqueue({ type: "wake" });
      if (this.parts.overlay.membership.views.active.size === 0) this.parts.discovery.refresh();
    });
  }
}

function troubleOf(fault: Fault): string {
  if (fault === "banned") return "cut a link that went on sending what no node sends";
  if (fault === "excess") return "a peer sends more than is taken";
  return `rejected an entry: ${fault}`;
}
