import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Random, randomInt } from "../../src/base/random.ts";
import type { Millis } from "../../src/base/time.ts";

// A router of our own for Maelstrom's protocol (doc/protocol.md), with the network's behaviour as
// src/maelstrom/net.clj has it: latency and loss between servers, none to clients; a message that
// is under way when a partition begins is lost at its receiver.

export interface Latency {
  readonly kind: "constant" | "uniform" | "exponential";
  readonly meanMs: Millis;
}

/** Who drops messages from whom. */
export type Grudge = ReadonlyMap<string, ReadonlySet<string>>;

export interface Body {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface RouterOptions {
  readonly nodes: number;
  /** The program and its arguments, the same for all nodes. */
  readonly command: readonly [string, ...string[]];
  readonly latency: Latency;
  readonly random: Random;
  /** How long an answer may take; without it there are Maelstrom's own times. */
  readonly patienceMs?: Millis;
}

interface Waiting {
  readonly done: (body: Body) => void;
  readonly timer: NodeJS.Timeout;
}

/** As Maelstrom's: an RPC, and "init" (client.clj, db.clj). */
const RPC_TIMEOUT_MS = 5_000;
const INIT_TIMEOUT_MS = 10_000;

/** Runs one process a node and carries messages between them. */
export class Router {
  readonly names: readonly string[];
  /** Messages that servers sent one another, lost ones too, and their bytes. */
  sent = 0;
  sentBytes = 0;
  /** Share of messages between servers that are lost. */
  loss = 0;
  grudge: Grudge = new Map();
  readonly complaints: string[] = [];
  private readonly processes = new Map<string, ChildProcess>();
  private readonly waiting = new Map<string, Waiting>();
  private nextId = 0;
  private stopping = false;

  constructor(private readonly options: RouterOptions) {
    this.names = Array.from({ length: options.nodes }, (_, at) => `n${at}`);
  }

  /** Starts all processes and tells each who is there; ends when all have answered. */
  async start(): Promise<void> {
    const timeoutMs = this.options.patienceMs ?? INIT_TIMEOUT_MS;
    for (const name of this.names) this.spawn(name);
    await Promise.all(
      this.names.map((name) =>
        this.rpc(name, { type: "init", node_id: name, node_ids: this.names }, { timeoutMs }),
      ),
    );
  }

  /** Asks a node as a client does. Gives its answer, errors too; rejects when none comes. */
  rpc(
    node: string,
    body: Body,
    { timeoutMs = this.options.patienceMs ?? RPC_TIMEOUT_MS } = {},
  ): Promise<Body> {
    this.nextId += 1;
    const msgId = this.nextId;
    const client = `c${msgId}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(client);
        reject(new Error(`${node} did not answer "${body.type}"`));
      }, timeoutMs);
      this.waiting.set(client, { done: resolve, timer });
      this.deliver(JSON.stringify({ src: client, dest: node, body: { ...body, msg_id: msgId } }));
    });
  }

  /** Ends all processes; a node that had ended by itself is a complaint. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
    await Promise.all(
      [...this.processes.values()].map(
        (child) =>
          new Promise<void>((resolve) => {
            if (child.exitCode !== null || child.signalCode !== null) return resolve();
            child.once("exit", () => resolve());
            child.kill("SIGKILL");
          }),
      ),
    );
  }

  private spawn(name: string): void {
    const [program, ...args] = this.options.command;
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.processes.set(name, child);
    child.once("error", (error) => this.complaints.push(`${name}: ${error.message}`));
    child.once("exit", (code, signal) => {
      if (!this.stopping) this.complaints.push(`${name} ended: ${code ?? signal}`);
    });
    // A write to a process that is gone; its end is noticed above.
    child.stdin.on("error", () => {});
    createInterface({ input: child.stdout }).on("line", (line) => this.onLine(name, line));
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.complaints.push(`${name} says: ${line}`);
    });
  }

  private onLine(from: string, line: string): void {
    const message = JSON.parse(line) as { src: string; dest: string; body: Body };
    const { src, dest, body } = message;
    if (src !== from) this.complaints.push(`${from} sent as ${src}`);
    if (dest.startsWith("c")) {
      const waiting = this.waiting.get(dest);
      if (waiting === undefined || body.in_reply_to !== Number(dest.slice(1))) return;
      this.waiting.delete(dest);
      clearTimeout(waiting.timer);
      return waiting.done(body);
    }
    if (!this.processes.has(dest)) {
      this.complaints.push(`${from} wrote to ${dest}, which is not there`);
      return;
    }
    this.sent += 1;
    this.sentBytes += line.length;
    if (this.options.random.next() < this.loss) return;
    setTimeout(() => {
      if (this.grudge.get(dest)?.has(src) !== true) this.deliver(line, dest);
    }, this.latencyMs());
  }

  private deliver(line: string, dest = (JSON.parse(line) as { dest: string }).dest): void {
    if (!this.stopping) this.processes.get(dest)?.stdin?.write(`${line}\n`);
  }

  private latencyMs(): Millis {
    const { latency, random } = this.options;
    if (latency.kind === "constant") return latency.meanMs;
    if (latency.kind === "uniform") return randomInt(random, 2 * latency.meanMs + 1);
    return -Math.log(1 - random.next()) * latency.meanMs;
  }
}
