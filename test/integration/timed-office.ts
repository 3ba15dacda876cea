import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { HistoryDocument } from "../../src/api/types.ts";
import { enrol } from "../../src/trust/enrol.ts";
import { makeRootKey } from "../../src/trust/root-key.ts";
import { freePorts } from "./node-process.ts";

const PROGRAM = fileURLToPath(new URL("./timed-node.js", import.meta.url));
const ANSWER_MS_MAX = 10_000;

/** A real node on loopback that lives in whatever time it is told. */
export class TimedNode {
  api = "";
  log = "";
  private child: ChildProcess | undefined;

  constructor(
    readonly name: string,
    readonly data: string,
    private readonly config: object,
  ) {}

  get isRunning(): boolean {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  async start(wallMs: number): Promise<void> {
    const path = `${this.data}.yaml`;
    writeFileSync(path, JSON.stringify(this.config));
    this.log = "";
    const child = fork(PROGRAM, [path, String(wallMs)], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    child.stderr?.on("data", (chunk) => {
      this.log += chunk;
    });
    this.child = child;
    const died = once(child, "exit").then(() => [{ api: undefined }]);
    const [ready] = (await Promise.race([once(child, "message"), died])) as [{ api?: string }];
    if (ready.api === undefined) throw new Error(`${this.name} did not start: ${this.log}`);
    this.api = ready.api;
  }

  /** Sets its wall clock. */
  async tell(wallMs: number): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.isRunning) return;
    const heard = once(child, "message");
    child.send(wallMs);
    await heard;
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.isRunning) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async get<T>(path: string): Promise<T | undefined> {
    try {
      const reply = await fetch(this.api + path, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      return reply.ok ? ((await reply.json()) as T) : undefined;
    } catch {
      return undefined;
    }
  }

  async push(value: number): Promise<number> {
    const body = JSON.stringify({ sensor: "box", kind: "temperature", value });
    const headers = { "content-type": "application/json" };
    const reply = await fetch(`${this.api}/v1/readings`, { method: "POST", headers, body });
    await reply.text();
    return reply.status;
  }

  /** A chart as this node draws it, as text so that two can be compared. */
  async chart(room: string, fromMs: number, toMs: number, step: string): Promise<string> {
    const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
    const path = `/v1/history?room=${room}&kind=temperature&from=${from}&to=${to}&step=${step}`;
    return JSON.stringify((await this.get<HistoryDocument>(path))?.points);
  }
}

/** Real nodes of one mesh whose clocks the test moves; gone when the test ends. */
export async function timedOffice(context: TestContext, names: readonly string[], more: object) {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-timed-"));
  const { root } = makeRootKey();
  const ports = await freePorts(names.length);
  const nodes = names.map((name, at) => {
    const data = join(folder, name);
    enrol(data, root);
    const listen = `127.0.0.1:${ports[at]}`;
    const peers = ports.filter((_, other) => other !== at).map((port) => `127.0.0.1:${port}`);
    return new TimedNode(name, data, {
      node: { name },
      data,
      mesh: { listen, peers, discovery: "off" },
      api: { listen: "127.0.0.1:0" },
      neighbours: { record: "none" },
      sensors: [{ platform: "push", name: "box" }],
      ...more,
    });
  });
  context.after(async () => {
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });
  return nodes;
}
