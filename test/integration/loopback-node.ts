import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MeshDocument, ReadingDocument } from "../../src/api/types.ts";
import { type Address, addressOf } from "../../src/base/id.ts";

const PROGRAM = fileURLToPath(new URL("../../../../bin/watercooler.js", import.meta.url));
const ASK_MS_MAX = 5_000;

/** A real node process on loopback. The folder holds the secret of its mesh. */
export class LoopbackNode {
  log = "";
  private process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly name: string,
    readonly meshAddress: Address,
    private readonly apiAddress: Address,
  ) {}

  static async make(folder: string, name: string): Promise<LoopbackNode> {
    const [mesh, api] = [await freePort(), await freePort()];
    const host = "127.0.0.1";
    return new LoopbackNode(folder, name, addressOf(host, mesh), addressOf(host, api));
  }

  start(peers: readonly Address[]): void {
    const path = join(this.folder, `${this.name}.yaml`);
    const config = {
      node: { name: this.name, room: "lab" },
      data: join(this.folder, this.name),
      mesh: {
        listen: this.meshAddress,
        peers,
        discovery: "off",
        secret_file: join(this.folder, "mesh.secret"),
      },
      api: { listen: this.apiAddress },
      sensors: [{ platform: "push", name: "box" }],
      neighbours: { record: "none" },
    };
    writeFileSync(path, JSON.stringify(config));
    const child = spawn(process.execPath, [PROGRAM, "up", "--config", path], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (chunk) => {
      this.log += chunk;
    });
    this.process = child;
  }

  get isRunning(): boolean {
    return this.process?.exitCode === null && this.process.signalCode === null;
  }

  async kill(): Promise<void> {
    const { process: child } = this;
    if (child === undefined || !this.isRunning) return;
    await new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill("SIGKILL");
    });
  }

  mesh(): Promise<MeshDocument> {
    return this.ask("/v1/mesh").then((answer) => answer.json() as Promise<MeshDocument>);
  }

  readings(): Promise<ReadingDocument[]> {
    return this.ask("/v1/readings").then((answer) => answer.json() as Promise<ReadingDocument[]>);
  }

  async push(value: number): Promise<void> {
    const answer = await this.ask("/v1/readings", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sensor: "box", kind: "temperature", value }),
    });
    if (answer.status !== 202) throw new Error(`pushing ${value}: ${answer.status}`);
  }

  /** The value of one sample of /metrics, 0 where there is none yet. */
  async count(metric: string, label: string): Promise<number> {
    const text = await (await this.ask("/metrics")).text();
    const line = text
      .split("\n")
      .find((one) => one.startsWith(metric) && one.includes(`"${label}"`));
    return Number(line?.split(" ").at(-1) ?? 0);
  }

  /** Memory in use now and at the most so far, MiB. */
  memory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.process?.pid}/status`, "utf8");
    const of = (what: string) => Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    return { now: of("VmRSS"), peak: of("VmHWM") };
  }

  private ask(path: string, init: RequestInit = {}): Promise<Response> {
    const signal = AbortSignal.timeout(ASK_MS_MAX);
    return fetch(`http://${this.apiAddress}${path}`, { ...init, signal });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : 0));
    });
  });
}
