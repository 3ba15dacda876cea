import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Rooms of the demo office; more nodes get numbered desks. */
const ROOMS = ["open-space", "meeting-room", "kitchen", "lab", "reception"];
const MESH_PORT = 17_946;
/** Ports tried before giving up. */
const PORTS_TRIED = 200;
/** How long nodes may take to say goodbye. */
const STOP_MS_MAX = 5_000;

export interface DemoOptions {
  readonly nodes: number;
  readonly port: number;
}

export interface DemoPorts {
  /** The program that runs a node. */
  readonly program: string;
  readonly signal: AbortSignal;
  stdout(text: string): void;
  stderr(text: string): void;
}

/** A whole small office on this machine: real node processes, simulated sensors. */
export async function runDemo(options: DemoOptions, ports: DemoPorts): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-demo-"));
  const children: ChildProcess[] = [];
  try {
    const apiPorts = await freePorts(options.port, options.nodes);
    const meshPorts = await freePorts(MESH_PORT, options.nodes);
    const peers = meshPorts.map((port) => `127.0.0.1:${port}`);
    for (let at = 0; at < options.nodes; at++) {
      const path = writeConfig(folder, at, apiPorts[at] ?? 0, peers);
      const child = spawn(process.execPath, [ports.program, "up", "--config", path], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      children.push(child);
      child.stderr?.on("data", (chunk: Buffer) => {
        for (const line of chunk.toString().split("\n")) {
          if (/^(error|watercooler:)/.test(line)) ports.stderr(`${nameOf(at)}: ${line}\n`);
        }
      });
      // The first makes the mesh; the others read its secret.
      if (at === 0) await answering(apiPorts[0] ?? 0, child, ports.signal);
    }
    ports.stdout(`An office of ${options.nodes} nodes is starting, its sensors simulated.\n\n`);
    ports.stdout(`  Dashboard   http://127.0.0.1:${apiPorts[0]}/\n`);
    ports.stdout(`  Nodes       ${apiPorts.map((port) => `127.0.0.1:${port}`).join("  ")}\n`);
    ports.stdout(`  Try         watercooler status --node 127.0.0.1:${apiPorts[0]}\n`);
    ports.stdout(`  Data        ${folder}, removed at the end\n\nCtrl-C ends it all.\n`);
    await over(ports.signal);
    return 0;
  } catch (error) {
    if (ports.signal.aborted) return 0;
    ports.stderr(`watercooler: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await Promise.all(children.map(stopChild));
    rmSync(folder, { recursive: true, force: true });
  }
}

function nameOf(at: number): string {
  const room = ROOMS[at];
  return room === undefined ? `desk-${at + 1}-pi` : `${room}-pi`;
}

function writeConfig(
  folder: string,
  at: number,
  apiPort: number,
  peers: readonly string[],
): string {
  const room = ROOMS[at] ?? `desk-${at + 1}`;
  const path = join(folder, `${nameOf(at)}.yaml`);
  const config = {
    node: { name: nameOf(at), room },
    data: join(folder, nameOf(at)),
    mesh: {
      listen: peers[at],
      peers: peers.filter((_, other) => other !== at),
      discovery: "off",
      secret_file: join(folder, "mesh.secret"),
    },
    api: { listen: `127.0.0.1:${apiPort}` },
    sensors: [
      {
        platform: "simulated",
        name: "climate",
        update_interval: "2s",
        kinds: ["temperature", "humidity", "co2", "motion", ...(at % 2 === 0 ? ["sound"] : [])],
      },
      { platform: "push", name: "pushed" },
    ],
    neighbours: { record: at === 0 ? "all" : "none" },
    log: { level: "warn" },
  };
  // JSON is YAML too.
  writeFileSync(path, JSON.stringify(config, undefined, 2));
  return path;
}

async function freePorts(from: number, count: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let port = from; found.length < count && port < from + PORTS_TRIED; port++) {
    if (await isFree(port)) found.push(port);
  }
  if (found.length < count) throw new Error(`no ${count} free ports from ${from} up: use --port`);
  return found;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Waits until a node's API answers, or the node is gone. */
async function answering(port: number, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const { request } = await import("node:http");
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const call = request({ host: "127.0.0.1", port, path: "/v1/node" }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      call.on("error", () => resolve(false));
      call.end();
    });
  while (!(await answers())) {
    if (signal.aborted || child.exitCode !== null) throw new Error("the first node did not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function over(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

function stopChild(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const kill = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    child.once("exit", () => {
      clearTimeout(kill);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
