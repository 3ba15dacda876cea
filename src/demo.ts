import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { NodeId } from "./base/id.ts";
import type { DemoOptions } from "./cli/deps.ts";
import { type CutOrder, type CutRequest, DEMO_VARIABLE, halvesOf } from "./demo-cut.ts";
import { enrol } from "./trust/enrol.ts";
import { makeRootKey } from "./trust/root-key.ts";

/** Rooms of the demo office; more nodes get numbered desks. */
const ROOMS = ["open-space", "meeting-room", "kitchen", "lab", "reception"];
const MESH_PORT = 17_946;
/** Ports tried before giving up. A guess. */
const PORTS_TRIED_MAX = 200;
const PORT_MAX = 65_535;
/** How long nodes may take to say goodbye. A guess; a node needs a tenth of it. */
const STOP_MS_MAX = 1_500;

export interface DemoPorts {
  /** The program that runs a node. */
  readonly program: string;
  readonly signal: AbortSignal;
  stdout(text: string): void;
  stderr(text: string): void;
}

/** One node of the office. */
interface DemoNode {
  readonly name: string;
  readonly child: ChildProcess;
  /** Settles with its identity when the node is up; rejects when it ends before. */
  readonly up: Promise<NodeId>;
}

/** A whole small office on this machine: real node processes, simulated sensors. */
export async function runDemo(options: DemoOptions, ports: DemoPorts): Promise<number> {
  const folder = makeFolder();
  if (folder === undefined) {
    ports.stderr(`watercooler: can't make a folder in ${tmpdir()}: set TMPDIR to another\n`);
    return 1;
  }
  const nodes: DemoNode[] = [];
  try {
    const apiPorts = await freePorts(options.port, options.nodes);
    const meshPorts = await freePorts(MESH_PORT, options.nodes);
    const peers = meshPorts.map((port) => `127.0.0.1:${port}`);
    // Nobody has to be let in here, and whoever wants to let in more does it on any of them.
    const { root } = makeRootKey();
    for (const [at, port] of apiPorts.entries()) {
      enrol(join(folder, nameOf(at)), root);
      nodes.push(startNode(at, writeConfig(folder, at, port, peers), ports));
    }
    const ids = untilQuitOr(Promise.all(nodes.map(({ up }) => up)), ports.signal);
    listenForCuts(nodes, (await ids) ?? []);
    if (ports.signal.aborted) return 0;
    tell(options, ports, folder, apiPorts);
    await untilQuitOr(anyGone(nodes, ports), ports.signal);
    return 0;
  } catch (error) {
    if (ports.signal.aborted) return 0;
    ports.stderr(`watercooler: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await Promise.all(nodes.map(({ child }) => stopChild(child)));
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeFolder(): string | undefined {
  try {
    return mkdtempSync(join(tmpdir(), "watercooler-demo-"));
  } catch {
    return undefined;
  }
}

function tell(
  { format, ready }: DemoOptions,
  { stdout }: DemoPorts,
  folder: string,
  apiPorts: readonly number[],
): void {
  const addresses = apiPorts.map((port) => `127.0.0.1:${port}`);
  const nodes = addresses.map((address, at) => ({ name: nameOf(at), api: `http://${address}` }));
  ready({ dashboard: `http://${addresses[0]}/`, nodes, data: folder });
  if (format === "json") return;
  stdout(`An office of ${addresses.length} nodes is up, its sensors simulated.\n\n`);
  stdout(`  Dashboard   http://${addresses[0]}/\n`);
  stdout(`  Nodes       ${addresses.join("  ")}\n`);
  stdout(`  Try         watercooler status --node ${addresses[0]}\n`);
  stdout(`  Data        ${folder}, removed at the end\n\nCtrl-C ends it all.\n`);
}

function nameOf(at: number): string {
  return `${roomOf(at)}-pi`;
}

function roomOf(at: number): string {
  return ROOMS[at] ?? `desk-${at + 1}`;
}

function startNode(at: number, config: string, { program, stderr }: DemoPorts): DemoNode {
  const name = nameOf(at);
  // Whatever ends this process also closes the channel, and the node then ends by itself.
  const child = spawn(process.execPath, [program, "up", "--json", "--config", config], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, [DEMO_VARIABLE]: name },
  });
  let reason = "";
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (!/^(error|watercooler:)/.test(line)) return;
      reason = line.replace(/^watercooler: /, "");
      if (/^error/.test(line)) stderr(`${name}: ${line}\n`);
    });
  }
  const up = new Promise<NodeId>((resolve, reject) => {
    let said = "";
    child.stdout?.on("data", (text) => {
      said += text;
      const id = /"id":\s*"(did:key:\w+)"/.exec(said)?.[1];
      if (id !== undefined) resolve(id as NodeId);
    });
    child.once("error", reject);
    // Not at its exit: its last words may still be in the pipe.
    child.once("close", () => reject(new Error(`${name} did not start: ${reason}`)));
  });
  up.catch(() => {});
  return { name, child, up };
}

/** Cuts the office in two, and joins it again, when one of its nodes is asked to on its page. */
function listenForCuts(nodes: readonly DemoNode[], ids: readonly NodeId[]): void {
  const halves = halvesOf(ids);
  const orderFor = (id: NodeId | undefined, { demo }: CutRequest): CutOrder => ({
    away: demo === "cut" && id !== undefined ? (halves.get(id) ?? []) : [],
  });
  for (const { child } of nodes) {
    child.on("message", (request: CutRequest) => {
      for (const [at, node] of nodes.entries()) {
        if (node.child.connected) node.child.send(orderFor(ids[at], request));
      }
    });
  }
}

/** Says so when a node ends by itself; settles when none is left. */
async function anyGone(nodes: readonly DemoNode[], ports: DemoPorts): Promise<void> {
  const gone = nodes.map(
    ({ name, child }) =>
      new Promise<void>((resolve) => {
        child.once("exit", () => {
          if (!ports.signal.aborted) ports.stderr(`${name} ended; the others carry on\n`);
          resolve();
        });
      }),
  );
  await Promise.all(gone);
  if (!ports.signal.aborted) throw new Error("every node of the office ended: start it again");
}

function writeConfig(
  folder: string,
  at: number,
  apiPort: number,
  peers: readonly string[],
): string {
  const path = join(folder, `${nameOf(at)}.yaml`);
  const config = {
    node: { name: nameOf(at), room: roomOf(at) },
    data: join(folder, nameOf(at)),
    mesh: {
      listen: peers[at],
      peers: peers.filter((_, other) => other !== at),
      discovery: "off",
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
  const end = Math.min(from + PORTS_TRIED_MAX, PORT_MAX + 1);
  for (let port = from; found.length < count && port < end; port++) {
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

/** Waits for something or for Ctrl-C, whichever comes first. */
function untilQuitOr<T>(wait: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const quit = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined));
  });
  return Promise.race([wait, quit]);
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
