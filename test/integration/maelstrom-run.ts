import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { pick, type Random, randomInt, SeededRandom } from "../../src/base/random.ts";
import { type Millis, SECOND_MS } from "../../src/base/time.ts";
import type { Operation } from "./maelstrom-checkers.ts";
import { drawKind, grudgeOf } from "./maelstrom-nemesis.ts";
import { type Body, type Latency, Router } from "./maelstrom-router.ts";

/** Between the end of the faults and the final reads (maelstrom.core). */
const RECOVERY_MS: Millis = 10 * SECOND_MS;

const NANOSECONDS_PER_MS = 1e6;
const AGREE_CHECK_MS: Millis = 200;
const READ: Body = { type: "read" };

export type WorkloadName = "broadcast" | "g-set" | "g-counter" | "pn-counter";

export interface RunOptions {
  readonly workload: WorkloadName;
  readonly command: readonly [string, ...string[]];
  readonly nodes: number;
  readonly latency: Latency;
  readonly ratePerSecond: number;
  readonly lastsMs: Millis;
  /** Mean time between two acts of the nemesis; undefined for none. */
  readonly partitionEveryMs?: Millis;
  readonly loss?: number;
  /**
   * For a test on a busy machine: how long an answer may take, and how long all nodes to agree;
   * the final reads come as soon as they do. Without it there are Maelstrom's own times.
   */
  readonly patienceMs?: Millis;
  readonly seed: number;
}

export interface RunResult {
  readonly history: readonly Operation[];
  readonly partitions: number;
  /** All messages between servers, from the first process on, to the last final read. */
  readonly messagesPerOperation: number;
  /** How many of them were sent before, during and after the load. */
  readonly phases: { readonly before: number; readonly during: number; readonly after: number };
  readonly bytesPerOperation: number;
  readonly complaints: readonly string[];
  /** How late the router's own timers were at worst: on a busy machine the figures are worse. */
  readonly lateMsMax: Millis;
}

/** One test as Maelstrom runs it: a mix of adds and reads, faults, recovery, final reads. */
export async function run(options: RunOptions): Promise<RunResult> {
  const random = new SeededRandom(options.seed);
  const router = new Router({ ...options, random: random.fork() });
  try {
    await router.start();
    if (options.workload === "broadcast") await tellTopology(router);
    router.loss = options.loss ?? 0;
    const before = router.sent;
    const lateness = monitorEventLoopDelay({ resolution: 5 });
    lateness.enable();
    const clients = new Clients(router, options.workload);
    const quit = new AbortController();
    const nemesis = partitions(router, options.partitionEveryMs, random.fork(), quit.signal);
    await clients.load(options.ratePerSecond, options.lastsMs, random.fork());
    quit.abort();
    const happened = await nemesis;
    router.grudge = new Map();
    router.loss = 0;
    const during = router.sent - before;
    if (options.patienceMs === undefined) await sleep(RECOVERY_MS);
    else await clients.agreed(options.patienceMs);
    await clients.finalReads();
    const operations = clients.history.length;
    return {
      history: clients.history,
      partitions: happened,
      messagesPerOperation: router.sent / operations,
      phases: { before, during, after: router.sent - before - during },
      bytesPerOperation: router.sentBytes / operations,
      complaints: router.complaints,
      lateMsMax: lateness.max / NANOSECONDS_PER_MS,
    };
  } finally {
    await router.stop();
  }
}

/** A grid, Maelstrom's default; a node may do with it as it likes. */
async function tellTopology(router: Router): Promise<void> {
  const { names } = router;
  const side = Math.ceil(Math.sqrt(names.length));
  const topology: Record<string, readonly string[]> = {};
  for (const [at, name] of names.entries()) {
    const beside = [at % side > 0 ? at - 1 : -1, at % side < side - 1 ? at + 1 : -1];
    const near = [...beside, at - side, at + side].map((other) => names[other]);
    topology[name] = near.filter((other) => other !== undefined);
  }
  await Promise.all(names.map((name) => router.rpc(name, { type: "topology", topology })));
}

/** Begins and ends partitions in turn until told to stop. Gives how many there were. */
async function partitions(
  router: Router,
  everyMs: Millis | undefined,
  random: Random,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  if (everyMs === undefined) return count;
  try {
    for (;;) {
      await sleep(2 * everyMs * random.next(), undefined, { signal });
      if (router.grudge.size > 0) router.grudge = new Map();
      else {
        router.grudge = grudgeOf(drawKind(random), router.names, random);
        count += 1;
      }
    }
  } catch {
    return count;
  }
}

function contentOf({ messages, value }: Body): string {
  const content = messages ?? value;
  return JSON.stringify(Array.isArray(content) ? [...content].sort() : content);
}

/** One client a node, each with one operation at a time, as Maelstrom's default concurrency. */
class Clients {
  readonly history: Operation[] = [];
  private readonly free: Set<string>;
  private element = 0;

  constructor(
    private readonly router: Router,
    private readonly workload: WorkloadName,
  ) {
    this.free = new Set(router.names);
  }

  /** Half adds, half reads, at random moments, each at a random free node. */
  async load(ratePerSecond: number, lastsMs: Millis, random: Random): Promise<void> {
    const endMs = performance.now() + lastsMs;
    const under = new Set<Promise<void>>();
    let dueMs = performance.now();
    while (dueMs < endMs) {
      dueMs += (2 * random.next() * SECOND_MS) / ratePerSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      const node = pick(random, [...this.free]);
      if (node === undefined) continue;
      const done = random.next() < 0.5 ? this.add(node, random) : this.read(node, "during");
      under.add(done);
      void done.then(() => under.delete(done));
    }
    await Promise.all(under);
  }

  /** Waits until all nodes read the same, or until the limit. */
  async agreed(limitMs: Millis): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (performance.now() < endMs) {
      const { names } = this.router;
      const replies = await Promise.all(names.map((name) => this.router.rpc(name, READ)));
      if (new Set(replies.map(contentOf)).size === 1) return;
      await sleep(AGREE_CHECK_MS);
    }
  }

  async finalReads(): Promise<void> {
    await Promise.all(this.router.names.map((node) => this.read(node, "final")));
  }

  private add(node: string, random: Random): Promise<void> {
    if (this.workload.endsWith("counter")) {
      const delta =
        this.workload === "g-counter" ? randomInt(random, 5) : randomInt(random, 10) - 5;
      return this.operate("add", node, { type: "add", delta }, () => delta);
    }
    const element = this.element++;
    const request =
      this.workload === "broadcast"
        ? { type: "broadcast", message: element }
        : { type: "add", element };
    return this.operate("add", node, request, () => element);
  }

  private read(node: string, when: "during" | "final"): Promise<void> {
    const field = this.workload === "broadcast" ? "messages" : "value";
    return this.operate("read", node, READ, (reply) => reply?.[field], when);
  }

  private async operate(
    does: Operation["does"],
    node: string,
    request: Body,
    resultOf: (reply: Body | undefined) => unknown,
    when: "during" | "final" = "during",
  ): Promise<void> {
    this.free.delete(node);
    const invokedMs = performance.now();
    const reply = await this.router.rpc(node, request).catch(() => undefined);
    const completedMs = performance.now();
    this.free.add(node);
    const outcome =
      reply?.type === `${request.type}_ok` ? "ok" : reply === undefined ? "info" : "fail";
    const final = when === "final";
    const value = resultOf(reply);
    this.history.push({ does, node, invokedMs, completedMs, outcome, value, final });
  }
}
