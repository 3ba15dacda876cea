import assert from "node:assert/strict";
import { join } from "node:path";
import type { InvitationDocument } from "../../src/api/membership-types.ts";
import type { MeshDocument, NodeDocument } from "../../src/api/types.ts";
import { run } from "./cli-harness.ts";
import { until } from "./lan.ts";
import { NodeProcess } from "./node-process.ts";

/** What any step may take on a loaded machine. */
export const STEP_MS_MAX = 60_000;

/** Its name, its port, the ports that it tries, and more of its `mesh` section. */
export type Joining = [
  name: string,
  meshPort: number,
  peerPorts?: readonly number[],
  mesh?: object,
];

/** A node that finds its own way into a mesh. */
export function joiningNode(
  folder: string,
  ...[name, meshPort, peerPorts = [], mesh = {}]: Joining
): NodeProcess {
  const data = join(folder, name);
  const sensors = [{ platform: "push", name: "box" }];
  const whole = {
    listen: `127.0.0.1:${meshPort}`,
    peers: peerPorts.map((port) => `127.0.0.1:${port}`),
    discovery: "off",
    ...mesh,
  };
  return new NodeProcess({ name, data, meshPort, peerPorts, sensors, more: { mesh: whole } });
}

export async function up(node: NodeProcess): Promise<void> {
  node.start();
  await until(async () => (await node.status("/v1/node")) === 200, STEP_MS_MAX, node.plan.name);
}

/** The command line, about a running node. */
export async function cli(node: NodeProcess, ...words: readonly string[]) {
  return run([...words, "--node", node.api ?? "", "--json"]);
}

export async function invite(node: NodeProcess, ...words: readonly string[]) {
  const ended = await cli(node, "invite", ...words);
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as InvitationDocument & { readonly code: string };
}

/** `watercooler join`, on the machine of a node that does not run. */
export function joinWith(
  node: NodeProcess,
  code: string,
  port: number,
  ...words: readonly string[]
) {
  const config = `${node.plan.data}.yaml`;
  return run(["join", code, `127.0.0.1:${port}`, "--config", config, ...words]);
}

const names = async (node: NodeProcess) =>
  (await node.get<NodeDocument[]>("/v1/nodes"))?.map(({ name }) => name).join() ?? "";

/** Waits until all of them hold the same, and know exactly these. */
export async function agree(nodes: readonly NodeProcess[], known: string): Promise<void> {
  const holds = async () => {
    const meshes = await Promise.all(nodes.map((node) => node.get<MeshDocument>("/v1/mesh")));
    const lists = await Promise.all(nodes.map(names));
    const same = meshes.every((one) => one !== undefined && one.digest === meshes[0]?.digest);
    return same && lists.every((list) => list === known);
  };
  await until(holds, STEP_MS_MAX, `${known} everywhere`);
}
