import type { NodeId } from "../base/id.ts";
import { SeededRandom } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import type { Effect } from "../overlay/effects.ts";
import type { Message, Peer } from "../overlay/messages.ts";
import type { OverlayParameters } from "../overlay/parameters.ts";
import { Scheduler } from "./scheduler.ts";
import { SimNode, type SimWorld } from "./sim-node.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly parameters: OverlayParameters;
  /** One-way latency of a frame, drawn evenly from this range. */
  readonly latencyMs: readonly [Millis, Millis];
  /** Share of frames lost while their link stays up: TCP would not, a bug of ours might. */
  readonly loss: number;
  /** Share of frames that come twice. */
  readonly duplication: number;
}

interface SimLink {
  readonly ends: readonly [NodeId, NodeId];
  /** Nothing overtakes on a link: when the last frame each way arrives. */
  readonly lastMs: Map<NodeId, Millis>;
}

/** How long an unanswered dial takes to fail. */
const DIAL_TIMEOUT_MS = 5_000;

/** A whole mesh under one scheduler: one seed, one history. */
export class World implements SimWorld {
  readonly scheduler = new Scheduler();
  readonly nodes = new Map<NodeId, SimNode>();
  readonly random: SeededRandom;
  messages = 0;
  readonly byType = new Map<string, number>();
  private readonly links = new Map<string, SimLink>();
  private readonly cuts = new Set<string>();

  constructor(readonly options: WorldOptions) {
    this.random = new SeededRandom(options.seed);
  }

  /** Adds a node and starts it. */
  add(name: string): SimNode {
    const node = new SimNode(this, name, this.random.fork());
    this.nodes.set(node.id, node);
    node.start();
    return node;
  }

  living(): readonly SimNode[] {
    return [...this.nodes.values()].filter(({ alive }) => alive);
  }

  run(spanMs: Millis): void {
    this.scheduler.runFor(spanMs);
  }

  /** Runs until the condition holds; gives the virtual time it took, or undefined at the limit. */
  runUntil(holds: () => boolean, limitMs: Millis, stepMs: Millis = 100): Millis | undefined {
    const startedMs = this.scheduler.nowMs;
    while (!holds()) {
      if (this.scheduler.nowMs - startedMs >= limitMs) return undefined;
      this.run(stepMs);
    }
    return this.scheduler.nowMs - startedMs;
  }

  /** Kills a process: links break at once, as the kernel's RST does. */
  crash(node: SimNode): void {
    node.alive = false;
    for (const link of [...this.links.values()]) {
      if (link.ends.includes(node.id)) this.drop(link, node.id);
    }
  }

  /** Cuts every path between the two groups; links go dumb, as with a pulled cable. */
  cut(left: readonly SimNode[], right: readonly SimNode[]): void {
    for (const one of left) {
      for (const other of right) {
        this.cuts.add(`${one.id} ${other.id}`);
        this.cuts.add(`${other.id} ${one.id}`);
      }
    }
  }

  mend(): void {
    this.cuts.clear();
  }

  /** One direction only: what `from` sends never reaches `to`. */
  cutOneWay(from: SimNode, to: SimNode): void {
    this.cuts.add(`${from.id} ${to.id}`);
  }

  perform(node: SimNode, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === "send") this.send(node.id, effect.to, effect.message);
      else if (effect.type === "dial") this.dial(node, effect.peer);
      else if (effect.type === "close") this.close(node.id, effect.peer);
      else node.observe(effect);
    }
  }

  latency(): Millis {
    const [low, high] = this.options.latencyMs;
    return low + this.random.next() * (high - low);
  }

  private send(from: NodeId, to: NodeId, message: Message): void {
    const name = linkName(from, to);
    const link = this.links.get(name);
    if (link === undefined) return;
    this.messages += 1;
    this.byType.set(message.type, (this.byType.get(message.type) ?? 0) + 1);
    if (this.cuts.has(`${from} ${to}`) || this.random.next() < this.options.loss) return;
    const atMs = Math.max(this.scheduler.nowMs + this.latency(), link.lastMs.get(to) ?? 0);
    link.lastMs.set(to, atMs);
    const copies = this.random.next() < this.options.duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.scheduler.at(atMs, () => {
        // A frame of a link that is gone never arrives.
        if (this.links.get(name) !== link) return;
        this.nodes.get(to)?.handle({ type: "message", from, message });
      });
    }
  }

  private dial(node: SimNode, { id }: Peer): void {
    const other = this.nodes.get(id);
    const cut = this.cuts.has(`${node.id} ${id}`) || this.cuts.has(`${id} ${node.id}`);
    const afterMs = cut ? DIAL_TIMEOUT_MS : 2 * this.latency();
    const boot = node.boot;
    this.scheduler.at(this.scheduler.nowMs + afterMs, () => {
      if (!node.alive || node.boot !== boot) return;
      if (this.links.has(linkName(node.id, id))) return;
      const cutNow = this.cuts.has(`${node.id} ${id}`) || this.cuts.has(`${id} ${node.id}`);
      if (other === undefined || !other.alive || cut || cutNow || other === node) {
        return node.handle({ type: "dial-failed", peer: id });
      }
      const link = { ends: [node.id, id] as const, lastMs: new Map<NodeId, Millis>() };
      this.links.set(linkName(node.id, id), link);
      node.handle({ type: "link-up", peer: other.peer() });
      other.handle({ type: "link-up", peer: node.peer() });
    });
  }

  private close(from: NodeId, to: NodeId): void {
    const link = this.links.get(linkName(from, to));
    if (link !== undefined) this.drop(link, from);
  }

  private drop(link: SimLink, by: NodeId): void {
    const [one, other] = link.ends;
    const name = linkName(one, other);
    this.links.delete(name);
    this.nodes.get(by)?.handle({ type: "link-down", peer: one === by ? other : one });
    const far = one === by ? other : one;
    const cut = this.cuts.has(`${by} ${far}`);
    if (cut) return this.forgetSilently(far, by);
    this.scheduler.at(this.scheduler.nowMs + this.latency(), () => {
      if (!this.links.has(name)) this.nodes.get(far)?.handle({ type: "link-down", peer: by });
    });
  }

  /** The far end of a cut link hears nothing; it notices when it next writes or pings. */
  private forgetSilently(far: NodeId, by: NodeId): void {
    this.scheduler.at(this.scheduler.nowMs + DIAL_TIMEOUT_MS, () => {
      if (this.links.has(linkName(far, by))) return;
      this.nodes.get(far)?.handle({ type: "link-down", peer: by });
    });
  }
}

/** A name for every pair, whichever way round. */
function linkName(one: NodeId, other: NodeId): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
