import { type Random, SeededRandom } from "../../src/base/random.ts";
import { type Millis, SECOND_MS } from "../../src/base/time.ts";
import { Server } from "../../src/maelstrom/server.ts";
import type { Setting } from "../../src/maelstrom/settings.ts";
import type { Workload } from "../../src/maelstrom/workloads.ts";
import { Scheduler } from "../../src/sim/scheduler.ts";
import type { Operation } from "../integration/maelstrom-checkers.ts";
import type { Grudge } from "../integration/maelstrom-router.ts";

/** As long as Maelstrom waits for all to answer. */
const INIT_MS_MAX = 10 * SECOND_MS;
const INIT_STEP_MS = 50;

export type Reply = Readonly<Record<string, unknown>>;

export interface VirtualOptions {
  readonly workload: Workload;
  readonly setting: Setting;
  readonly names: readonly string[];
  readonly latencyMs: Millis;
  readonly seed: number;
}

/** Nodes under Maelstrom's protocol on one virtual clock: what a run costs on an idle machine. */
export class VirtualBench {
  readonly scheduler = new Scheduler();
  readonly replies: Reply[] = [];
  readonly servers = new Map<string, Server>();
  /** Messages between servers. */
  sent = 0;
  grudge: Grudge = new Map();
  private readonly random: Random;
  private asked = 0;

  constructor(readonly options: VirtualOptions) {
    const { workload, setting, names, seed } = options;
    const random = new SeededRandom(seed);
    this.random = random;
    for (const name of names) {
      const server = new Server({
        workload,
        setting,
        timing: {
          nowMs: () => this.scheduler.nowMs,
          wallMs: () => this.scheduler.nowMs,
          after: (spanMs, run) => this.after(spanMs, run),
        },
        random: random.fork(),
        write: (line) => this.carry(line),
      });
      this.servers.set(name, server);
    }
  }

  /** Tells all nodes who is there, and waits until they met. */
  init(): void {
    const { names } = this.options;
    for (const name of names) this.ask(name, { type: "init", node_id: name, node_ids: names });
    for (let ms = 0; ms < INIT_MS_MAX && this.replies.length < names.length; ms += INIT_STEP_MS) {
      this.scheduler.runFor(INIT_STEP_MS);
    }
    this.replies.length = 0;
  }

  /** Asks, and gives the answer that came at once, if one did. */
  ask(node: string, body: object): Reply | undefined {
    this.asked += 1;
    const count = this.replies.length;
    const message = { src: "c1", dest: node, body: { ...body, msg_id: this.asked } };
    this.tell(node, JSON.stringify(message));
    return this.replies[count];
  }

  tell(node: string, line: string): void {
    this.servers.get(node)?.line(line);
  }

  /** Half broadcasts, half reads, at random moments at random nodes. */
  load(ratePerSecond: number, lastsMs: Millis): Operation[] {
    const { names } = this.options;
    const { random, scheduler } = this;
    const history: Operation[] = [];
    const endMs = scheduler.nowMs + lastsMs;
    while (scheduler.nowMs < endMs) {
      scheduler.runFor((2 * random.next() * SECOND_MS) / ratePerSecond);
      const node = names[Math.floor(random.next() * names.length)] ?? "";
      const does = random.next() < 0.5 ? "add" : "read";
      const element = history.length;
      history.push(this.operate(node, does, element));
    }
    return history;
  }

  finalReads(): Operation[] {
    return this.options.names.map((node) => this.operate(node, "read", undefined));
  }

  private operate(node: string, does: "add" | "read", element: unknown): Operation {
    const body = does === "add" ? { type: "broadcast", message: element } : { type: "read" };
    const reply = this.ask(node, body);
    const value = does === "add" ? element : reply?.messages;
    const nowMs = this.scheduler.nowMs;
    const outcome = reply === undefined ? "info" : "ok";
    return { does, node, invokedMs: nowMs, completedMs: nowMs, outcome, value, final: false };
  }

  private after(spanMs: Millis, run: () => void): () => void {
    let isOff = false;
    this.scheduler.at(this.scheduler.nowMs + spanMs, () => {
      if (!isOff) run();
    });
    return () => {
      isOff = true;
    };
  }

  private carry(line: string): void {
    const { src, dest, body } = JSON.parse(line) as { src: string; dest: string; body: Reply };
    if (dest.startsWith("c")) {
      this.replies.push(body);
      return;
    }
    this.sent += 1;
    this.after(this.options.latencyMs, () => {
      if (this.grudge.get(dest)?.has(src) !== true) this.tell(dest, line);
    });
  }
}
