import { type NodeId, nodeIdOfKey, parseAddress } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import type { Replica } from "../replica/replica.ts";
import { LINKS_KEY, linksRecord, livenessSpans, NODE_KEY, nodeRecord } from "./records.ts";
import type { NodeState, NodeView } from "./views.ts";

/** When each origin last wrote something, on this node's monotonic clock. */
export function lastHeardMs(replica: Replica, origin: NodeId): Millis {
  let heardMs = Number.NEGATIVE_INFINITY;
  for (const held of replica.state(origin)?.held.values() ?? []) {
    heardMs = Math.max(heardMs, held.heardMs);
  }
  return heardMs;
}

/** Nodes that were not heard of for longer than they would keep still, and those replaced. */
export function silentNodes(replica: Replica, self: NodeId, nowMs: Millis): readonly NodeId[] {
  const ids = [...replica.origins()].map(({ origin }) => origin);
  const { silentMs } = livenessSpans(ids.length);
  const isSilent = (id: NodeId) => nowMs - lastHeardMs(replica, id) > silentMs;
  return ids.filter((id) => id !== self && (replica.isReplaced(id) || isSilent(id)));
}

/** Every node that the mesh knows of, by name. */
export function nodeViews(replica: Replica, self: NodeId, nowMs: Millis): readonly NodeView[] {
  const silent = new Set(silentNodes(replica, self, nowMs));
  const stateOf = (id: NodeId) =>
    replica.isReplaced(id) ? "retired" : silent.has(id) ? "silent" : "alive";
  return [...replica.origins()]
    .map(({ origin }) => nodeView(replica, origin, stateOf(origin), self, nowMs))
    .filter((view) => view !== undefined)
    .sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
}

/** The name a node gave itself; its identity's end until it has said one. */
export function nodeName(replica: Replica, id: NodeId): string {
  const value = replica.get(id, NODE_KEY)?.entry.value;
  const said = value && nodeRecord.decode(value);
  return said?.ok ? said.value.name : id.slice(-8).toLowerCase();
}

function nodeView(
  replica: Replica,
  id: NodeId,
  state: NodeState,
  self: NodeId,
  nowMs: Millis,
): NodeView | undefined {
  const value = replica.get(id, NODE_KEY)?.entry.value;
  const said = value && nodeRecord.decode(value);
  if (!said?.ok) return undefined;
  const linksValue = replica.get(id, LINKS_KEY)?.entry.value;
  const links = linksValue && linksRecord.decode(linksValue);
  const { name, room, version, addresses, api } = said.value;
  return {
    id,
    name,
    room,
    version,
    addresses: addresses.map(parseAddress).filter((address) => address !== undefined),
    api,
    state,
    ageMs: id === self ? 0 : Math.max(0, nowMs - lastHeardMs(replica, id)),
    links: links?.ok && state === "alive" ? links.value.active.map(nodeIdOfKey) : [],
  };
}
