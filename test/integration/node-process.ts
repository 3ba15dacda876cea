import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { enrolIn } from "./enrolled.ts";

const PROGRAM = fileURLToPath(new URL("../../../../bin/watercooler.js", import.meta.url));
const ANSWER_MS_MAX = 5_000;

export interface NodePlan {
  readonly name: string;
  /** Its folder; its configuration lies beside it. */
  readonly data: string;
  /** The root key of its mesh, by which it is signed in; without, it has to join. */
  readonly secretFile?: string;
  readonly meshPort: number;
  /** Ports of the mesh that it tries. */
  readonly peerPorts: readonly number[];
  readonly sensors: readonly object[];
  /** What starts it, before the Node program's own path. */
  readonly prefix?: readonly string[];
  /** More keys of its configuration. */
  readonly more?: object;
}

/** Below what Linux gives to connections and to port 0 (32768 and up, ip-sysctl), so that no node's
 * own connection takes another's port before that one starts. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;

/** Ports of this machine that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A real node process on loopback, with its HTTP API. */
export class NodeProcess {
  log = "";
  private child: ChildProcess | undefined;

  constructor(readonly plan: NodePlan) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get isRunning(): boolean {
    const { child } = this;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** What it ended with; null while it runs, and where a signal ended it. */
  get exitCode(): number | null {
    return this.child?.exitCode ?? null;
  }

  /** Where its API answers, once it does. */
  get api(): string | undefined {
    const address = / ready .*\bapi=(?:http:\/\/)?([^\s,/]+)/.exec(this.log)?.[1];
    return address === undefined ? undefined : `http://${address}`;
  }

  /** Writes its configuration; what has to be done before it runs may be done then. */
  prepare(): string {
    const { name, data, secretFile, meshPort, peerPorts, sensors, more } = this.plan;
    const config = `${data}.yaml`;
    const document = {
      node: { name },
      data,
      mesh: {
        listen: `127.0.0.1:${meshPort}`,
        peers: peerPorts.map((port) => `127.0.0.1:${port}`),
        discovery: "off",
      },
      api: { listen: "127.0.0.1:0" },
      neighbours: { record: "none" },
      sensors,
      ...more,
    };
    writeFileSync(config, JSON.stringify(document));
    if (secretFile !== undefined) enrolIn(data, secretFile);
    return config;
  }

  start(config = this.prepare()): void {
    const { prefix = [] } = this.plan;
    this.log = "";
    const [command = "", ...args] = [...prefix, process.execPath, PROGRAM, "up"];
    const child = spawn(command, [...args, "--config", config], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (chunk) => {
      this.log += chunk;
    });
    this.child = child;
  }

  /** Ends it and waits until it has ended. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.isRunning) return;
    await new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill(signal);
    });
  }

  /** A document of its API, or undefined while it does not answer. */
  async get<T>(path: string): Promise<T | undefined> {
    const reply = await this.ask(path);
    return reply === undefined ? undefined : ((await reply.json()) as T);
  }

  async text(path: string): Promise<string> {
    return (await (await this.ask(path))?.text()) ?? "";
  }

  /** The HTTP status of a document, 0 for no answer. */
  async status(path: string): Promise<number> {
    const reply = await this.ask(path);
    await reply?.text();
    return reply?.status ?? 0;
  }

  /** The HTTP status that a reading pushed to it gets, 0 for no answer. */
  async push(sensor: string, value: number): Promise<number> {
    const body = JSON.stringify({ sensor, kind: "temperature", value });
    const headers = { "content-type": "application/json" };
    const reply = await this.ask("/v1/readings", { method: "POST", headers, body });
    await reply?.text();
    return reply?.status ?? 0;
  }

  /** The HTTP status of a write, 0 for no answer. */
  async write(method: "PUT" | "DELETE", path: string, document?: object): Promise<number> {
    const headers = { "content-type": "application/json" };
    const body = document === undefined ? {} : { headers, body: JSON.stringify(document) };
    const reply = await this.ask(path, { method, ...body });
    await reply?.text();
    return reply?.status ?? 0;
  }

  private async ask(path: string, init: RequestInit = {}): Promise<Response | undefined> {
    const { api } = this;
    if (api === undefined) return undefined;
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      return await fetch(`${api}${path}`, { ...init, signal });
    } catch {
      return undefined;
    }
  }
}
