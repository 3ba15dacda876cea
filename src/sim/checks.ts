import { equalBytes, toHex } from "../base/bytes.ts";
import { HLC_DRIFT_MS_MAX } from "../base/hlc.ts";
import { type NodeId, shortId } from "../base/id.ts";
import { type Millis, SECOND_MS } from "../base/time.ts";
import type { Message } from "../overlay/messages.ts";
import type { OverlayParameters } from "../overlay/parameters.ts";
import { TTL_MAX } from "../overlay/parameters.ts";
import { compareDots, type Dot, type Entry } from "../replica/entry.ts";
import { components, type Graph, oneSided } from "./graph.ts";
import type { SimHost, SimProcess } from "./host.ts";
import { Violation } from "./violation.ts";

/** How often the invariants are looked at. */
export const LOOK_MS = SECOND_MS;
/** Hops beyond which a rumour must be going round in circles: a path visits each host once. */
const SPARE_HOPS = 8;

/** Frames a host may send in a second, on average: more is an exchange without end. */
const FRAMES_PER_HOST_MAX = 3_000;

/** What the checks look at. */
export interface Watched {
  readonly hosts: readonly SimHost[];
  readonly parameters: OverlayParameters;
  readonly network: { readonly frames: number; framesMax: number };
  reach(what: string): void;
}

/** The invariants that hold at every moment of every history. */
export class Checks {
  /** What was written under each dot, so that none is ever used twice. */
  private readonly minted = new Map<string, Uint8Array>();
  /** Bodies that were looked at: by reference they come to every host. */
  private readonly bodies = new WeakSet<Uint8Array>();
  /** By process and origin: what was last shown under each key. */
  private readonly seen = new WeakMap<SimProcess, Map<NodeId, Map<string, Dot>>>();
  private readonly stampMs = new Map<string, Millis>();
  /** The latest that each identity's own wall clock ever said. */
  private readonly wallMs = new Map<NodeId, Millis>();

  constructor(private readonly world: Watched) {}

  /** Entries that a host took or wrote. */
  onEntries(host: SimHost, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { origin, key, dot, body } = entry;
      this.noGoingBack(host, origin, key);
      if (this.bodies.has(body)) continue;
      this.bodies.add(body);
      const name = `${origin} ${dot.incarnation} ${dot.seq}`;
      const known = this.minted.get(name);
      if (known === undefined) this.minted.set(name, body);
      else if (known !== body && !equalBytes(known, body)) {
        throw new Violation("no dot is used twice", `${shortId(origin)} ${key} at ${host.name}`);
      }
    }
  }

  onMessage(from: string, to: string, message: Message): void {
    if (message.type === "gossip") {
      for (const { round } of message.rumours) {
        if (round > this.world.hosts.length + SPARE_HOPS) {
          throw new Violation("no message loops", `a rumour on its hop ${round}, ${from} to ${to}`);
        }
      }
    }
    if (message.type === "neighbor-reply" && message.answer === "refused") {
      this.world.reach("a request refused");
    }
    if (message.type === "graft") this.world.reach("a graft");
    if ("ttl" in message && message.ttl > TTL_MAX) {
      throw new Violation("no message loops", `a walk of ${message.ttl}`);
    }
  }

  /** What can be seen from outside at any moment. */
  look(): void {
    const { network, hosts } = this.world;
    network.framesMax = network.frames + FRAMES_PER_HOST_MAX * Math.max(1, hosts.length);
    const { activeMax, passiveMax, rememberedMax } = this.world.parameters;
    for (const host of this.world.hosts) {
      const { process } = host;
      if (process === undefined || host.isFrozen || !host.isMember) continue;
      const { views, remembered } = process.overlay.membership;
      const { active, passive } = views;
      const fail = (detail: string): never => {
        throw new Violation("views are within bounds", `${host.name}: ${detail}`);
      };
      if (active.size > activeMax) fail(`${active.size} active`);
      if (passive.size > passiveMax) fail(`${passive.size} passive`);
      if (remembered.all().length > rememberedMax) fail("too many remembered");
      if (active.has(host.id) || passive.has(host.id)) fail("holds itself");
      const linked = new Set(process.transport.stats().map(({ peer }) => peer));
      for (const id of active.keys()) {
        if (passive.has(id)) fail(`${shortId(id)} in both`);
        if (!linked.has(id)) fail(`${shortId(id)} is active and has no link`);
      }
      if (active.size === 0) this.world.reach("an empty active view");
      this.hybridClock(host);
    }
  }

  private hybridClock(host: SimHost): void {
    const stamp = host.process?.replica.clock.now;
    if (stamp === undefined) return;
    const wallMs = Math.max(this.wallMs.get(host.id) ?? 0, host.parts.clock.wallMs());
    this.wallMs.set(host.id, wallMs);
    const name = `clock ${host.process?.boot}`;
    const before = this.stampMs.get(name) ?? 0;
    this.stampMs.set(name, stamp.wallMs);
    if (stamp.wallMs < before) throw new Violation("a hybrid clock never goes back", host.name);
    if (stamp.wallMs > wallMs + HLC_DRIFT_MS_MAX + LOOK_MS) {
      const aheadMs = stamp.wallMs - wallMs;
      throw new Violation("nobody pulls a clock beyond its bound", `${host.name} by ${aheadMs} ms`);
    }
  }

  private noGoingBack(host: SimHost, origin: NodeId, key: string): void {
    const { process } = host;
    const dot = process?.replica.get(origin, key)?.entry.dot;
    if (process === undefined || dot === undefined) return;
    const ofProcess = this.seen.get(process) ?? new Map<NodeId, Map<string, Dot>>();
    const ofOrigin = ofProcess.get(origin) ?? new Map<string, Dot>();
    this.seen.set(process, ofProcess);
    ofProcess.set(origin, ofOrigin);
    const before = ofOrigin.get(key);
    if (before !== undefined && compareDots(dot, before) < 0) {
      throw new Violation("reads never go back", `${key} of ${shortId(origin)} at ${host.name}`);
    }
    ofOrigin.set(key, dot);
  }
}

/** The active views of these hosts. */
export function overlayOf(hosts: readonly SimHost[]): Graph {
  return new Map(
    hosts.map(({ id, process }) => [
      id,
      [...(process?.overlay.membership.views.active.keys() ?? [])],
    ]),
  );
}

/** Why these hosts are not one settled mesh, or undefined where they are. */
export function unsettled(hosts: readonly SimHost[]): string | undefined {
  const graph = overlayOf(hosts);
  const parts = components(graph);
  if (parts.length > 1) {
    return `the overlay is in ${parts.length} parts of ${parts.map(({ length }) => length).join()}`;
  }
  const lopsided = oneSided(graph);
  if (lopsided.length > 0) return `${lopsided.length} views are one-sided`;
  const digests = new Set(hosts.map(({ process }) => toHex(process?.replica.digest() ?? EMPTY)));
  if (digests.size > 1) return `${digests.size} different digests`;
  return undefined;
}

const EMPTY = new Uint8Array();
