// What a node at rest takes: real processes on loopback, one mesh, beside a bare Node of the same
// version. "npm run measure:memory -- --nodes 8 --json". RSS counts shared pages in each process,
// PSS divides them among those that share them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const PROGRAM = join(dirname(dirname(fileURLToPath(import.meta.url))), "bin/watercooler.js");
/** From start to quiet; a mesh of 32 on two cores needs a tenth. A guess. */
const QUIET_WAIT_MS_MAX = 180_000;
/** At rest: so long in a row nobody grew and nobody was busy. A guess. */
const QUIET_MS = 20_000;
const LOOK_MS = 1_000;
/** What garbage between two collections may be. A guess. */
const GROWTH_SHARE_MAX = 0.02;
/** CPU of one node, as a share of a core. A guess; a mesh that forms takes it whole. */
const BUSY_SHARE_MAX = 0.05;
/** Linux's USER_HZ on every platform that Node runs on. */
const TICKS_PER_S = 100;
const NODES_MAX = 64;

const built = "../dist/build/src/trust";
const { enrol } = await import(`${built}/enrol.js`);
const { root } = (await import(`${built}/root-key.js`)).makeRootKey();

const { values } = parseArgs({
  options: { nodes: { type: "string", default: "8" }, json: { type: "boolean", default: false } },
});
const count = Number(values.nodes);
if (!Number.isInteger(count) || count < 1 || count > NODES_MAX) {
  console.error(`--nodes takes a whole number from 1 to ${NODES_MAX}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "watercooler-memory-"));
const children = [];
process.on("SIGINT", () => process.exit(1));
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function start(args, stdout) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", stdout, "inherit"] });
  children.push(child);
  child.once("exit", () => {
    console.error("a process ended by itself: see above");
    process.exit(1);
  });
  return child;
}

async function startNode(at, ports) {
  const path = join(folder, `${at}.yaml`);
  const config = {
    node: { name: `pi-${at}`, room: `room-${at}` },
    data: join(folder, `${at}`),
    mesh: {
      listen: `127.0.0.1:${ports[at]}`,
      peers: ports.filter((_, other) => other !== at).map((port) => `127.0.0.1:${port}`),
      // As on a Pi, but kept on loopback.
      discovery: "auto",
      interfaces: ["lo"],
    },
    api: { listen: "127.0.0.1:0" },
    sensors: [{ platform: "simulated", name: "climate" }],
    log: { level: "error" },
  };
  writeFileSync(path, JSON.stringify(config));
  enrol(config.data, root);
  const child = start([PROGRAM, "up", "--json", "--config", path], "pipe");
  const [text] = await once(child.stdout, "data");
  return { name: `pi-${at}`, pid: child.pid, api: JSON.parse(text).api[0] };
}

async function agree(nodes) {
  const digests = new Set();
  for (const { api } of nodes) {
    const known = await (await fetch(`${api}/v1/nodes`)).json();
    if (known.filter(({ state }) => state === "alive").length !== nodes.length) return false;
    digests.add((await (await fetch(`${api}/v1/mesh`)).json()).digest);
  }
  return digests.size === 1;
}

function figures({ pid }) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]);
  // The name in brackets may hold spaces; user and system time are 12 and 13 after it.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const cpuS = (Number(stat[11]) + Number(stat[12])) / TICKS_PER_S;
  return { rss: kilobytes("Rss") * 1024, pss: kilobytes("Pss") * 1024, cpuS };
}

async function until(what, holds) {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > QUIET_WAIT_MS_MAX) {
      console.error(`waited ${QUIET_WAIT_MS_MAX / 1_000} s in vain until ${what}`);
      process.exit(1);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Whether nobody grew and nobody was busy for a while. */
function quietness(processes) {
  let since = { ms: performance.now(), all: processes.map(figures) };
  return () => {
    const ms = performance.now();
    const all = processes.map(figures);
    const spanS = (ms - since.ms) / 1_000;
    const restless = all.some(({ rss, cpuS }, at) => {
      const was = since.all[at];
      const grew = rss > was.rss * (1 + GROWTH_SHARE_MAX);
      // In the first seconds a single collection is a large share.
      return grew || (spanS > QUIET_MS / 2_000 && cpuS - was.cpuS > spanS * BUSY_SHARE_MAX);
    });
    if (restless) since = { ms, all };
    return ms - since.ms >= QUIET_MS;
  };
}

const megabytes = (bytes) => (bytes / 1024 / 1024).toFixed(1);

function median(numbers) {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)];
}

function report(bare, nodes) {
  const over = {
    rss: median(nodes.map(({ rss }) => rss)) - bare.rss,
    pss: median(nodes.map(({ pss }) => pss)) - bare.pss,
  };
  if (values.json) {
    const named = ({ name, rss, pss }) => ({ name, rss_bytes: rss, pss_bytes: pss });
    const document = {
      node_version: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      bare: named(bare),
      nodes: nodes.map(named),
      median_over_bare: { rss_bytes: over.rss, pss_bytes: over.pss },
    };
    console.log(JSON.stringify(document, undefined, 2));
    return;
  }
  const row = (name, rss, pss) => console.log(name.padEnd(24) + rss.padStart(8) + pss.padStart(8));
  row(`Node ${process.versions.node}, MiB`, "RSS", "PSS");
  for (const { name, rss, pss } of [bare, ...nodes]) row(name, megabytes(rss), megabytes(pss));
  row("median over bare Node", megabytes(over.rss), megabytes(over.pss));
}

const bare = {
  name: "bare Node",
  pid: start(["-e", "setInterval(() => {}, 2 ** 30)"], "ignore").pid,
};
const ports = await Promise.all(Array.from({ length: count }, freePort));
const nodes = [];
for (const at of ports.keys()) nodes.push(await startNode(at, ports));
await until("all nodes agree", () => agree(nodes));
await until("all are quiet", quietness([bare, ...nodes]));
const measured = [bare, ...nodes].map((one) => ({ ...one, ...figures(one) }));
report(measured[0], measured.slice(1));
for (const child of children) child.removeAllListeners("exit");
process.exit(0);
