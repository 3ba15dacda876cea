import { addressOf, type NodeId } from "../../base/id.ts";
import { pick, SeededRandom } from "../../base/random.ts";
import type { Millis } from "../../base/time.ts";
import type { Effect } from "../../overlay/effects.ts";
import { Hyparview } from "../../overlay/hyparview.ts";
import type { Message, Peer } from "../../overlay/messages.ts";
import type { OverlayParameters } from "../../overlay/parameters.ts";
import { Plumtree } from "../../overlay/plumtree.ts";
import type { Entry } from "../../replica/entry.ts";
import type { Graph } from "../graph.ts";
import { Scheduler } from "../scheduler.ts";

/** One node of a large mesh: membership and tree, and no replica. */
export interface ScaleNode {
  readonly number: number;
  readonly peer: Peer;
  readonly membership: Hyparview;
  readonly tree: Plumtree;
  isAlive: boolean;
  wakeAtMs: Millis;
}

/** What became of one broadcast. */
export interface Broadcast {
  /** Living nodes that have it. */
  reached: number;
  /** Payloads sent. */
  payloads: number;
  /** Announcements sent. */
  announcements: number;
  /** Hops of the last delivery. */
  lastHop: number;
}

const LATENCY_MS = 1;
const NOBODY: readonly NodeId[] = [];

/**
 * Ten thousand nodes of the daemon's own HyParView and Plumtree, without the replica, which the
 * papers do not have either: it would be a hundred million entries. A dead peer is noticed when
 * something is sent to it, as in the papers.
 */
export class ScaleMesh {
  readonly scheduler = new Scheduler();
  readonly nodes: ScaleNode[] = [];
  readonly broadcasts: Broadcast[] = [];
  messages = 0;
  private readonly byId = new Map<NodeId, ScaleNode>();
  private readonly links = new Set<string>();
  private readonly random: SeededRandom;
  /** By broadcast: which nodes have it. */
  private readonly seen: Uint8Array[] = [];
  private readonly entries: Entry[] = [];

  constructor(
    seed: number,
    private readonly parameters: OverlayParameters,
    private readonly size: number,
  ) {
    this.random = new SeededRandom(seed);
  }

  /** Lets all nodes join, one after the other, each through a node that is there already. */
  grow(everyMs: Millis): void {
    for (let number = 0; number < this.size; number++) {
      const contact = pick(this.random, this.nodes);
      const node = this.create(number);
      this.nodes.push(node);
      this.byId.set(node.peer.id, node);
      if (contact !== undefined) {
        this.perform(node, node.membership.hint(contact.peer, this.scheduler.nowMs));
      }
      this.wakeLater(node);
      this.scheduler.runFor(everyMs);
    }
  }

  run(spanMs: Millis): void {
    this.scheduler.runFor(spanMs);
  }

  living(): readonly ScaleNode[] {
    return this.nodes.filter(({ isAlive }) => isAlive);
  }

  /** Kills a share of all nodes at one instant; nobody is told. */
  crash(share: number): void {
    const order = this.living().map((node) => ({ node, at: this.random.next() }));
    order.sort((left, right) => left.at - right.at);
    for (const { node } of order.slice(0, Math.round(order.length * share))) node.isAlive = false;
  }

  /** Starts a broadcast at a node, or at a random living one. Gives its place in `broadcasts`. */
  broadcast(from = pick(this.random, this.living())): number {
    const place = this.broadcasts.length;
    this.broadcasts.push({ reached: 0, payloads: 0, announcements: 0, lastHop: 0 });
    this.seen.push(new Uint8Array(this.size));
    if (from === undefined) return place;
    const entry = entryOf(from.peer.id, place + 1);
    this.entries.push(entry);
    this.deliver(from, place, 0);
    from.tree.spread(entry, 0, undefined, this.scheduler.nowMs);
    this.perform(from, from.tree.flush());
    this.wakeLater(from);
    return place;
  }

  /** Active views of the living. */
  graph(): Graph {
    const graph = new Map<NodeId, readonly NodeId[]>();
    for (const { peer, membership } of this.living()) {
      const alive = [...membership.views.active.keys()].filter((id) => this.byId.get(id)?.isAlive);
      graph.set(peer.id, alive);
    }
    return graph;
  }

  private create(number: number): ScaleNode {
    // Never parsed: short names keep ten thousand nodes small.
    const id = `n${number}` as NodeId;
    const peer: Peer = { id, addresses: [addressOf(`h${number}`, 7946)] };
    const random = this.random.fork();
    return {
      number,
      peer,
      membership: new Hyparview(id, () => peer.addresses, this.parameters, random),
      tree: new Plumtree(
        this.parameters,
        {
          knows: (_, { seq }) => this.seen[seq - 1]?.[number] === 1,
          held: (_origin, _key, { seq }) => this.entries[seq - 1],
        },
        random,
      ),
      isAlive: true,
      wakeAtMs: Number.POSITIVE_INFINITY,
    };
  }

  private perform(node: ScaleNode, effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          this.send(node, effect.to, effect.message);
          break;
        case "dial":
          this.dial(node, effect.peer.id);
          break;
        case "close":
          this.close(node, effect.peer);
          break;
        case "neighbor-up":
          node.tree.neighborUp(effect.peer, this.scheduler.nowMs);
          break;
        case "neighbor-down":
          this.perform(node, node.tree.neighborDown(effect.peer, this.scheduler.nowMs));
          break;
        default:
      }
    }
  }

  private send(from: ScaleNode, to: NodeId, message: Message): void {
    this.messages += 1;
    this.count(message);
    const far = this.byId.get(to);
    this.later(this.latency(), () => {
      if (!this.links.has(linkName(from.peer.id, to))) return;
      if (far?.isAlive) return this.receive(far, from, message);
      this.close(from, to);
      this.settle(from, from.membership.linkDown(to, this.scheduler.nowMs));
    });
  }

  private receive(node: ScaleNode, from: ScaleNode, message: Message): void {
    const { nowMs } = this.scheduler;
    const { tree, membership } = node;
    const heard = membership.message(from.peer.id, message, nowMs);
    const more: Effect[] = [];
    if (message.type === "gossip") {
      for (const { entry, round } of message.rumours) {
        const place = entry.dot.seq - 1;
        if (this.seen[place]?.[node.number] === 1)
          more.push(...tree.duplicate(from.peer.id, nowMs));
        else {
          this.deliver(node, place, round);
          tree.useful(from.peer.id);
          tree.spread(entry, round, from.peer.id, nowMs);
        }
      }
    } else if (message.type === "ihave") tree.onIhave(from.peer.id, message.announcements, nowMs);
    else if (message.type === "graft") {
      tree.onGraft(from.peer.id, message.wanted, nowMs);
    } else if (message.type === "prune") {
      more.push(...tree.onPrune(from.peer.id, nowMs));
    }
    this.settle(node, [...heard, ...more]);
  }

  private settle(node: ScaleNode, effects: readonly Effect[]): void {
    this.perform(node, effects);
    this.perform(node, node.tree.flush());
    this.wakeLater(node);
  }

  private dial(from: ScaleNode, to: NodeId): void {
    const far = this.byId.get(to);
    this.later(3 * this.latency(), () => {
      if (!from.isAlive) return;
      const { nowMs } = this.scheduler;
      if (far === undefined || !far.isAlive) {
        return this.settle(from, from.membership.dialFailed(to, nowMs));
      }
      const name = linkName(from.peer.id, to);
      if (this.links.has(name)) return;
      this.links.add(name);
      this.settle(far, far.membership.linkUp(from.peer, nowMs));
      this.settle(from, from.membership.linkUp(far.peer, nowMs));
    });
  }

  private close(from: ScaleNode, to: NodeId): void {
    if (!this.links.delete(linkName(from.peer.id, to))) return;
    const far = this.byId.get(to);
    const { nowMs } = this.scheduler;
    this.perform(from, from.membership.linkDown(to, nowMs));
    this.later(this.latency(), () => {
      if (!far?.isAlive || this.links.has(linkName(from.peer.id, to))) return;
      this.settle(far, far.membership.linkDown(from.peer.id, this.scheduler.nowMs));
    });
  }

  private deliver(node: ScaleNode, place: number, round: number): void {
    const seen = this.seen[place];
    const broadcast = this.broadcasts[place];
    if (seen === undefined || broadcast === undefined) return;
    seen[node.number] = 1;
    broadcast.reached += 1;
    broadcast.lastHop = Math.max(broadcast.lastHop, round);
  }

  private count(message: Message): void {
    if (message.type === "gossip") {
      for (const { entry } of message.rumours) {
        const broadcast = this.broadcasts[entry.dot.seq - 1];
        if (broadcast !== undefined) broadcast.payloads += 1;
      }
    } else if (message.type === "ihave") {
      for (const { dot } of message.announcements) {
        const broadcast = this.broadcasts[dot.seq - 1];
        if (broadcast !== undefined) broadcast.announcements += 1;
      }
    }
  }

  private wakeLater(node: ScaleNode): void {
    const { nowMs } = this.scheduler;
    const dueMs = Math.min(node.membership.wakeAtMs(), node.tree.wakeAtMs());
    const atMs = Math.max(nowMs + 1, dueMs);
    if (node.wakeAtMs <= atMs) return;
    node.wakeAtMs = atMs;
    this.scheduler.at(atMs, () => {
      if (!node.isAlive || node.wakeAtMs !== atMs) return;
      node.wakeAtMs = Number.POSITIVE_INFINITY;
      const now = this.scheduler.nowMs;
      this.settle(node, [...node.membership.wake(now, () => NOBODY), ...node.tree.wake(now)]);
    });
  }

  private latency(): Millis {
    return LATENCY_MS * (0.5 + this.random.next());
  }

  private later(spanMs: Millis, run: () => void): void {
    this.scheduler.set(spanMs, run);
  }
}

function entryOf(origin: NodeId, seq: number): Entry {
  const nothing = new Uint8Array();
  return {
    origin,
    key: "k",
    dot: { incarnation: 1, seq },
    stamp: { wallMs: 0, counter: 0 },
    value: nothing,
    body: nothing,
    signature: nothing,
  };
}

function linkName(one: NodeId, other: NodeId): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
