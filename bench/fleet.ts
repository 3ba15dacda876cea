import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { newerNode } from "./newer-node.ts";
import type { Order, Plan, Report } from "./orders.ts";
import type { System } from "./systems.ts";
import { Tally } from "./tally.ts";
import { until } from "./waiting.ts";

const HUB_PORT = 4_000;
const FIRST_PORT = 5_000;
const HUB_MS_MAX = 20_000;

export interface Place {
  /** The address that all members share. */
  readonly address: string;
  readonly folder: string;
  /** Makes a member's folder ready where a system needs it. */
  prepare(folder: string): Promise<void>;
}

export interface Footprint {
  readonly rssBytes: number;
  readonly pssBytes: number;
  readonly cpuS: number;
}

/** All processes of one system. */
export class Fleet {
  readonly tally = new Tally();
  readonly members: number[] = [];
  private readonly children = new Map<number, ChildProcess>();
  private readonly seqs = new Map<number, number>();
  private hub: ChildProcess | undefined;
  private url = "";
  private open = 0;
  private counts: (number | undefined)[] = [];

  constructor(
    private readonly system: System,
    private readonly count: number,
    private readonly place: Place,
  ) {}

  /** What is there before the members: their folders, and whatever is in the middle. */
  async prepare(): Promise<void> {
    const { system, count, place } = this;
    mkdirSync(place.folder, { recursive: true });
    this.url = await this.startHub();
    if (system.name === "ours") {
      const folders = Array.from({ length: count }, (_, at) => join(place.folder, String(at)));
      await Promise.all(folders.map((folder) => place.prepare(folder)));
    }
  }

  /** Starts all members at once. */
  start(): void {
    const { system, count, place, url } = this;
    const ports = Array.from({ length: count }, (_, index) => FIRST_PORT + index);
    for (const [index, port] of ports.entries()) {
      const plan: Plan = {
        ...{ index, count, port, hub: url, folder: place.folder, address: place.address },
        addresses: ports.map((one) => `${place.address}:${one}`),
        dials: system.dials(index, count),
      };
      this.spawnMember(plan);
    }
  }

  private async startHub(): Promise<string> {
    const { hub } = this.system;
    if (hub === undefined) return "";
    const { address, folder } = this.place;
    const config = join(folder, "mosquitto.conf");
    writeFileSync(config, `listener ${HUB_PORT} ${address}\nallow_anonymous true\n`);
    const words = { CONFIG: config, NODE: newerNode(), ADDRESS: address, PORT: String(HUB_PORT) };
    const [program = "", ...args] = hub.command.map(
      (word) => words[word as keyof typeof words] ?? word,
    );
    const env = { ...process.env, HOST: address, PORT: String(HUB_PORT) };
    this.hub = spawn(program, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    let said = false;
    this.hub.stdout?.once("data", () => {
      said = true;
    });
    const name = this.system.title;
    await until(`${name} listens`, HUB_MS_MAX, () => said || listens(address, HUB_PORT));
    return hub.url(address, HUB_PORT);
  }

  private spawnMember(plan: Plan): void {
    const { program, runtime } = this.system;
    const execPath = runtime === "newer" ? newerNode() : process.execPath;
    const child = spawn(execPath, [program, JSON.stringify(plan)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.children.set(plan.index, child);
    this.members.push(plan.index);
    child.on("message", (report: Report) => {
      if (report.type === "open") this.open += 1;
      if (report.type === "counted") this.counts.push(report.messages);
      if (report.type !== "seen") return;
      this.tally.wrote(report.wrote);
      this.tally.heard(plan.index, report.heard);
    });
    child.on("error", () => {});
    child.once("exit", (code) => {
      if (!this.members.includes(plan.index)) return;
      throw new Error(`a member of ${this.system.title} ended by itself (${code})`);
    });
  }

  get isOpen(): boolean {
    return this.open === this.count;
  }

  /** Tells a member to write its next reading. */
  write(index: number): void {
    const seq = (this.seqs.get(index) ?? 0) + 1;
    this.seqs.set(index, seq);
    this.order(index, { type: "write", seq });
  }

  /** All members together write so many a second. */
  burst(perSecond: number, seconds: number): void {
    const each = perSecond / this.members.length;
    for (const index of this.members) {
      const seq = (this.seqs.get(index) ?? 0) + 1;
      this.seqs.set(index, seq + Math.round(each * seconds) - 1);
      this.order(index, { type: "burst", perSecond: each, seconds, seq });
    }
  }

  /** Messages that all members sent so far; undefined where a system does not tell. */
  async messages(): Promise<number | undefined> {
    this.counts = [];
    for (const index of this.members) this.order(index, { type: "count" });
    await until("all have counted", HUB_MS_MAX, () => this.counts.length >= this.members.length);
    const known = this.counts.filter((one) => one !== undefined);
    if (known.length < this.counts.length) return undefined;
    return known.reduce((sum, one) => sum + one, 0);
  }

  footprints(): readonly Footprint[] {
    return this.members.map((index) => footprint(this.children.get(index)?.pid ?? 0));
  }

  /** The middle's own, where there is one. */
  hubFootprint(): Footprint | undefined {
    return this.hub?.pid === undefined ? undefined : footprint(this.hub.pid);
  }

  /** SIGKILL to some of the members. */
  kill(victims: readonly number[]): void {
    for (const index of victims) {
      this.members.splice(this.members.indexOf(index), 1);
      this.children.get(index)?.kill("SIGKILL");
    }
  }

  async stop(): Promise<void> {
    const all = [...this.members].map((index) => this.children.get(index));
    this.members.length = 0;
    const gone = [...all, this.hub].map(async (child) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    await Promise.all(gone);
    await sleep(100);
  }

  private order(index: number, order: Order): void {
    this.children.get(index)?.send(order);
  }
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** What a process takes: resident and proportional memory, processor time so far. */
export function footprint(pid: number): Footprint {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]) * 1024;
  // Not the times in "stat": the kernel samples those, and who wakes with its timer is seen often.
  const threads = readdirSync(`/proc/${pid}/task`);
  const spentNs = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  const cpuS = spentNs.reduce((sum, one) => sum + one, 0) / 1e9;
  return { rssBytes: bytes("Rss"), pssBytes: bytes("Pss"), cpuS };
}
