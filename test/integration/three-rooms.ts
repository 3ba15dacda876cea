import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Kind } from "../../src/reading/kind.ts";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { freePorts, NodeProcess } from "./node-process.ts";

const WAIT_MS_MAX = 90_000;
const WAIT_STEP_MS = 100;

/** Three real nodes of one mesh, a room each, with a push sensor `box` each. */
export interface ThreeRooms {
  readonly nodes: readonly [NodeProcess, NodeProcess, NodeProcess];
  /** Pushes a reading to a room's node; `more` goes into the document. */
  push(room: string, kind: Kind, value: number | boolean, more?: object): Promise<number>;
}

export const THREE_ROOMS = ["meeting-room", "open-space", "kitchen"] as const;

export async function threeRooms(context: TestContext, more: object = {}): Promise<ThreeRooms> {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-rooms-"));
  const secretFile = join(folder, "mesh.secret");
  writeFileSync(secretFile, generateKeyPem(), { mode: 0o600 });
  const ports = await freePorts(THREE_ROOMS.length);
  const nodes = THREE_ROOMS.map((name, at) => {
    const sensors = [{ platform: "push", name: "box" }];
    const [meshPort = 0] = ports.slice(at);
    const peerPorts = ports.filter((port) => port !== meshPort);
    const data = join(folder, name);
    return new NodeProcess({ name, data, secretFile, meshPort, peerPorts, sensors, more });
  });
  const [first, second, third] = nodes as [NodeProcess, NodeProcess, NodeProcess];
  context.after(async () => {
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });
  for (const node of nodes) node.start();
  await until("three nodes that know each other", async () => {
    const known = await Promise.all(nodes.map((node) => node.get<unknown[]>("/v1/nodes")));
    return known.every((list) => list?.length === THREE_ROOMS.length);
  });
  return {
    nodes: [first, second, third],
    push: async (room, kind, value, more = {}) => {
      const node = nodes.find(({ plan }) => plan.name === room);
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ sensor: "box", kind, value, ...more });
      const reply = await fetch(`${node?.api}/v1/readings`, { method: "POST", headers, body });
      return reply.status;
    },
  };
}

/** Waits until something holds. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > WAIT_MS_MAX) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, WAIT_STEP_MS));
  }
}
