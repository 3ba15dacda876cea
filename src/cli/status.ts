import type * as v from "valibot";
import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, CliError, printJson } from "./deps.ts";
import {
  healthDocument,
  meshDocument,
  type NodeDocument,
  nodeDocuments,
  pendingDocuments,
  selfDocument,
} from "./documents.ts";
import { type Cell, inTone, type Paper, paperOf, table } from "./table.ts";
import { ago, bytes, plain, shortId } from "./words.ts";

type Self = v.InferOutput<typeof selfDocument>;
type Mesh = v.InferOutput<typeof meshDocument>;
type Health = v.InferOutput<typeof healthDocument>;

/** This node, the nodes it knows, its sensors, its neighbours. */
export async function status(deps: CliDeps, asking: Asking): Promise<void> {
  const client = clientOf(deps, asking);
  if (asking.json) {
    const paths = ["/v1/node", "/v1/mesh", "/v1/nodes", "/v1/health"];
    const [node, mesh, nodes, health] = await Promise.all(paths.map((path) => client.raw(path)));
    const pending = await client.raw("/v1/pending").catch(nobody);
    return printJson(deps, { node, mesh, nodes, health, pending });
  }
  const [self, mesh, nodes, health, pending] = await Promise.all([
    client.get("/v1/node", selfDocument),
    client.get("/v1/mesh", meshDocument),
    client.get("/v1/nodes", nodeDocuments),
    client.get("/v1/health", healthDocument).catch(withoutHealth),
    client.get("/v1/pending", pendingDocuments).catch(nobody),
  ]);
  const paper = paperOf(deps);
  const parts = [
    headline(self, mesh, nodes) + authorityLine(self) + troubles(health, paper) + outside(health),
    pending.length > 0 ? pendingTable(pending, paper) : "",
    nodeTable(self, nodes, paper),
    self.sensors.length > 0 ? sensorTable(self, paper) : "",
    mesh.links.length > 0 ? linkTable(mesh, nodes, paper) : "",
  ];
  deps.stdout(parts.filter((part) => part !== "").join("\n"));
}

/** A node of an older version knows of nobody who waits. */
function nobody(error: unknown): [] {
  if (error instanceof CliError) return [];
  throw error;
}

/** Who asks to be let in, and what to type for it. */
function pendingTable(pending: v.InferOutput<typeof pendingDocuments>, paper: Paper): string {
  const columns = [
    { title: "WAITS" },
    { title: "ADDRESS", dropRank: 1 },
    { title: "SEEN BY", dropRank: 2 },
    { title: "TO LET IT IN" },
  ];
  const rows = pending.map(({ name, address, fingerprint, seen_by, replaces }): Cell[] => [
    plain(replaces === undefined ? name : `${name}, in place of ${replaces}`),
    plain(address),
    plain(seen_by.join(", ")),
    `watercooler admit ${plain(fingerprint)}`,
  ]);
  return table(columns, rows, paper);
}

/** Health is worth a line, not the whole answer. */
function withoutHealth(error: unknown): Health {
  if (error instanceof CliError) return { status: "ok", checks: {} };
  throw error;
}

function headline(self: Self, { digest }: Mesh, nodes: readonly NodeDocument[]): string {
  const living = nodes.filter(({ state }) => state === "alive").length;
  const known = nodes.filter(({ state }) => state !== "retired").length;
  const who = plain(`watercooler ${self.version}  ${self.name} (${self.room})`);
  return `${who}  ${living} of ${known} nodes alive, digest ${plain(digest.slice(0, 8))}\n`;
}

/** For people to compare with what their phone shows before they install it. */
function authorityLine({ authority }: Self): string {
  return authority === null ? "" : `HTTPS authority, SHA-256: ${plain(authority)}\n`;
}

function troubles({ checks }: Health, paper: Paper): string {
  return Object.entries(checks)
    .filter(([, check]) => check.status !== "ok")
    .map(([name, check]) => plain(`${name} ${check.status}: ${check.detail}`))
    .map((text) => `${inTone({ text, tone: "bad" }, paper)}\n`)
    .join("");
}

/** Chats and announcements that are well: whether they are is not seen from within the mesh. */
function outside({ checks }: Health): string {
  return Object.entries(checks)
    .filter(([name, { status }]) => status === "ok" && /^(?:chat|announce) /.test(name))
    .map(([name, { detail }]) => `${plain(`${name}: ${detail}`)}\n`)
    .join("");
}

const RANKS = ["self", "alive", "silent", "retired"];

function nodeTable(self: Self, nodes: readonly NodeDocument[], paper: Paper): string {
  const shown = nodes
    .map((node) => ({ ...node, state: node.id === self.id ? "self" : node.state }))
    .sort(
      (left, right) =>
        RANKS.indexOf(left.state) - RANKS.indexOf(right.state) ||
        left.name.localeCompare(right.name),
    );
  const columns = [
    { title: "NODE" },
    { title: "ROOM", dropRank: 1 },
    { title: "STATE" },
    { title: "SEEN" },
    { title: "LINKS", dropRank: 3 },
    { title: "VERSION", dropRank: 4 },
    { title: "ADDRESS", dropRank: 2 },
  ];
  const rows = shown.map(({ name, room, state, age_s, links, version, addresses }): Cell[] => [
    name,
    room,
    nodeState(state),
    state === "self" ? "-" : ago(age_s),
    links === undefined ? "-" : String(links.length),
    version,
    addresses[0] ?? "-",
  ]);
  return table(columns, rows, paper);
}

function nodeState(state: string): Cell {
  if (state === "silent") return { text: state, tone: "bad" };
  return { text: state, tone: state === "retired" ? "dim" : "good" };
}

function sensorTable({ sensors }: Self, paper: Paper): string {
  const columns = [
    { title: "SENSOR" },
    { title: "PLATFORM", dropRank: 1 },
    { title: "STATE" },
    { title: "GIVES" },
  ];
  const rows = sensors.map(({ name, platform, state, error, kinds }): Cell[] => [
    name,
    platform,
    { text: state, tone: state === "failing" ? "bad" : "good" },
    error ?? kinds.join(", "),
  ]);
  return table(columns, rows, paper);
}

function linkTable(mesh: Mesh, nodes: readonly NodeDocument[], paper: Paper): string {
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const columns = [
    { title: "NEIGHBOUR" },
    { title: "VIEW", dropRank: 3 },
    { title: "TREE", dropRank: 4 },
    { title: "RTT" },
    { title: "IN", dropRank: 1 },
    { title: "OUT", dropRank: 1 },
    { title: "ADDRESS", dropRank: 2 },
  ];
  const rows = mesh.links.map(({ id, address, rtt_ms, bytes_in, bytes_out }): Cell[] => [
    names.get(id) ?? shortId(id),
    mesh.active.includes(id) ? "active" : "spare",
    mesh.broadcast.eager.includes(id) ? "eager" : "lazy",
    rtt_ms === null ? "-" : `${Math.round(rtt_ms * 10) / 10} ms`,
    bytes(bytes_in),
    bytes(bytes_out),
    address,
  ]);
  return table(columns, rows, paper);
}
