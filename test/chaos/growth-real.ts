import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { freePorts, NodeProcess } from "../integration/node-process.ts";

const NODES = 4;
/** The last one is killed and started again so often, while the others go on. A guess. */
const CHURN_MS = 15_000;
const PUSH_MS = 250;
const LOOK_MS = 10_000;
const START_MS_MAX = 60_000;

export interface RealLook {
  readonly minutes: number;
  /** The most that any node took which was never started anew. */
  readonly rssMib: number;
  readonly heapMib: number;
  readonly fds: number;
  readonly fileKib: number;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs real nodes with a workload and one that comes and goes; gives what the others take. */
export async function growReal(
  minutes: number,
  tell: (look: RealLook) => void,
): Promise<readonly RealLook[]> {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-growth-"));
  const nodes = await makeNodes(folder);
  const [churned] = nodes.slice(-1);
  const looks: RealLook[] = [];
  try {
    for (const node of nodes) node.start();
    const startedMs = performance.now();
    while (!nodes.every(({ api }) => api !== undefined)) {
      if (performance.now() - startedMs > START_MS_MAX) throw new Error("a node did not start");
      await pause(100);
    }
    let churnMs = performance.now() + CHURN_MS;
    let lookMs = performance.now() + LOOK_MS;
    const endMs = performance.now() + minutes * 60_000;
    for (let turn = 0; performance.now() < endMs; turn++) {
      await work(nodes, turn);
      if (performance.now() > churnMs && churned !== undefined) {
        churnMs = performance.now() + CHURN_MS;
        await churned.end("SIGKILL");
        churned.start();
      }
      if (performance.now() > lookMs) {
        lookMs = performance.now() + LOOK_MS;
        const took = (performance.now() - startedMs) / 60_000;
        const look = await lookAt(nodes.slice(0, -1), took);
        tell(look);
        looks.push(look);
      }
      await pause(PUSH_MS);
    }
    return looks;
  } finally {
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeNodes(folder: string): Promise<readonly NodeProcess[]> {
  const secretFile = join(folder, "mesh.secret");
  writeFileSync(secretFile, generateKeyPem(), { mode: 0o600 });
  const ports = await freePorts(NODES);
  return ports.map(
    (meshPort, at) =>
      new NodeProcess({
        name: `pi-${at}`,
        data: join(folder, `pi-${at}`),
        ...{ secretFile, meshPort, peerPorts: ports },
        sensors: [
          { platform: "push", name: "box" },
          { platform: "simulated", name: "climate", update_interval: "1s" },
        ],
      }),
  );
}

/** A reading, and now and then a target and somebody's device, on any node. */
async function work(nodes: readonly NodeProcess[], turn: number): Promise<void> {
  const node = nodes[turn % nodes.length];
  await node?.push("box", 15 + (turn % 40) / 2);
  if (turn % 5 === 0) {
    const target = `/v1/targets/room-${randomInt(20)}/temperature`;
    await node?.write("PUT", target, { value: 15 + (turn % 20) / 2 });
  }
  if (turn % 20 === 0) {
    const device = `/v1/people/Ana/devices/3c:22:fb:00:00:${String(10 + randomInt(20))}`;
    await node?.write(turn % 40 === 0 ? "PUT" : "DELETE", device);
  }
  if (turn % 7 === 0) await node?.get("/v1/rooms");
}

async function lookAt(nodes: readonly NodeProcess[], minutes: number): Promise<RealLook> {
  const texts = await Promise.all(nodes.map((node) => node.text("/metrics")));
  const most = (metric: string) =>
    Math.max(
      ...texts.map((text) => Number(new RegExp(`^${metric} (\\S+)`, "m").exec(text)?.[1] ?? 0)),
    );
  const bytes = nodes.map(({ plan }) =>
    ["state.db", "state.db-wal", "history.db", "history.db-wal"]
      .map((name) => statSync(join(plan.data, name), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, size) => sum + size, 0),
  );
  return {
    minutes,
    rssMib: most("process_resident_memory_bytes") / 2 ** 20,
    heapMib: most("nodejs_heap_size_used_bytes") / 2 ** 20,
    fds: most("process_open_fds"),
    fileKib: Math.max(...bytes) / 2 ** 10,
  };
}
