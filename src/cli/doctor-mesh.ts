import * as v from "valibot";
import { SECOND_MS } from "../base/time.ts";
import type { Finding } from "../doctor/finding.ts";
import type { NodeClient } from "./client.ts";
import { CliError } from "./deps.ts";
import { membershipDocument, nodeDocuments } from "./documents.ts";
import { ago } from "./words.ts";

/** Clocks further ahead than this are not followed by the mesh's own (`base/hlc.ts`). */
const AHEAD_MS_MAX = 60_000;

const facts = v.array(v.object({ from: v.string(), at: v.string() }));
type Nodes = v.InferOutput<typeof nodeDocuments>;

/** What the whole mesh is like, as the node that was asked knows it. */
export function meshFindings(client: NodeClient, nowWallMs: number): Promise<readonly Finding[]> {
  return ifTold(allFindings(client, nowWallMs));
}

async function allFindings(client: NodeClient, nowWallMs: number): Promise<readonly Finding[]> {
  const nodes = await client.get("/v1/nodes", nodeDocuments);
  return [
    ...silentFindings(nodes),
    ...versionFindings(nodes),
    ...(await ifTold(aheadFindings(client, nodes, nowWallMs))),
    ...(await ifTold(membershipFindings(client, nodes))),
  ];
}

/** Nothing where the node is older, and does not tell. */
function ifTold(findings: Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  return findings.catch((error) => {
    if (error instanceof CliError) return [];
    throw error;
  });
}

function silentFindings(nodes: Nodes): readonly Finding[] {
  const silent = nodes.filter(({ state }) => state === "silent");
  const alive = nodes.filter(({ state }) => state === "alive").length;
  if (silent.length === 0) return [{ check: "nodes", state: "ok", says: `${alive} alive` }];
  const mend = "see to its power and network; if it is gone for good: watercooler forget NODE";
  return silent.map(({ name, age_s: ageS }) => {
    const says = `${name} is silent, last heard of ${ago(ageS)}`;
    return { check: "nodes", state: "warn", says, mend };
  });
}

function versionFindings(nodes: Nodes): readonly Finding[] {
  const versions = new Map<string, string[]>();
  for (const { name, version, state } of nodes) {
    if (state === "alive") versions.set(version, [...(versions.get(version) ?? []), name]);
  }
  if (versions.size < 2) return [];
  const told = [...versions].map(([version, names]) => `${version} on ${names.join(", ")}`);
  const mend = "upgrade the older ones";
  return [{ check: "versions", state: "warn", says: told.join("; "), mend }];
}

/**
 * Nodes whose clock is ahead: what they write wins over what others write at the same time, and
 * charts show it in the future.
 */
async function aheadFindings(
  client: NodeClient,
  nodes: Nodes,
  nowWallMs: number,
): Promise<readonly Finding[]> {
  const aheadMs = new Map<string, number>();
  for (const { from, at } of await client.get("/v1/facts", facts)) {
    const ms = Date.parse(at) - nowWallMs;
    if (ms > Math.max(AHEAD_MS_MAX, aheadMs.get(from) ?? 0)) aheadMs.set(from, ms);
  }
  const mend =
    "sudo timedatectl set-ntp true on that one, or here if it is this one that is behind";
  return [...aheadMs].map(([id, ms]) => {
    const name = nodes.find((node) => node.id === id)?.name ?? id;
    const says = `${name} writes with a clock that is ${span(ms / SECOND_MS)} ahead of this one`;
    return { check: "clocks", state: "warn", says, mend };
  });
}

function span(seconds: number): string {
  return ago(seconds).replace(/ ago$/, "");
}

/** Whether the mesh could be left without anybody who lets in. */
async function membershipFindings(client: NodeClient, nodes: Nodes): Promise<readonly Finding[]> {
  const { admins } = await client.get("/v1/membership", membershipDocument);
  const alive = admins.filter((one) => one.alive).map(({ name }) => name);
  const says = `${alive.join(", ") || "nobody"} may let others in`;
  if (alive.length > 1 || nodes.length < 2) return [{ check: "members", state: "ok", says }];
  const mend = "let a second one do it too: watercooler admit NODE --admin";
  return [{ check: "members", state: "warn", says: `only ${says}`, mend }];
}
