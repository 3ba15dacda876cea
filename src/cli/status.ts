import type { MeshDocument, NodeDocument, SelfDocument } from "../api/types.ts";
import type { CliDeps } from "./deps.ts";
import { ask } from "./http.ts";
import { ago, bytes, table } from "./table.ts";

/** This node, its neighbours, the mesh. */
export async function status(deps: CliDeps, node: string): Promise<unknown> {
  const [self, mesh, nodes] = await Promise.all([
    ask<SelfDocument>(node, "/v1/node"),
    ask<MeshDocument>(node, "/v1/mesh"),
    ask<NodeDocument[]>(node, "/v1/nodes"),
  ]);
  const alive = nodes.filter(({ state }) => state === "alive").length;
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const digest = mesh.digest.slice(0, 8);
  const lines = [
    `watercooler ${self.version}  ${self.name} (${self.room})  ` +
      `${alive} of ${nodes.length} nodes alive, digest ${digest}\n\n`,
    table(
      ["NODE", "ROOM", "STATE", "SEEN", "LINKS", "ADDRESS"],
      nodes.map(({ id, name, room, state, age_s, links, addresses }) => [
        name,
        room,
        id === self.id ? "self" : state,
        id === self.id ? "-" : ago(age_s),
        String(links.length),
        addresses[0] ?? "-",
      ]),
      deps.columns,
    ),
  ];
  if (self.sensors.length > 0) {
    const rows = self.sensors.map(({ name, platform, state, error, kinds }) => [
      name,
      platform,
      state,
      error ?? kinds.join(", "),
    ]);
    lines.push("\n", table(["SENSOR", "PLATFORM", "STATE", "GIVES"], rows, deps.columns));
  }
  if (mesh.links.length > 0) {
    const rows = mesh.links.map(({ id, address, rtt_ms, bytes_in, bytes_out }) => [
      names.get(id) ?? id.slice(-8),
      mesh.active.includes(id) ? "active" : "spare",
      mesh.broadcast.eager.includes(id) ? "tree" : "-",
      rtt_ms === null ? "-" : `${rtt_ms} ms`,
      bytes(bytes_in),
      bytes(bytes_out),
      address,
    ]);
    const headings = ["LINK", "VIEW", "TREE", "RTT", "IN", "OUT", "ADDRESS"];
    lines.push("\n", table(headings, rows, deps.columns));
  }
  deps.stdout(lines.join(""));
  return undefined;
}

/** The same for a program. */
export async function statusJson(node: string): Promise<unknown> {
  const [self, mesh, nodes, health] = await Promise.all([
    ask(node, "/v1/node"),
    ask(node, "/v1/mesh"),
    ask(node, "/v1/nodes"),
    ask(node, "/v1/health"),
  ]);
  return { node: self, mesh, nodes, health };
}
