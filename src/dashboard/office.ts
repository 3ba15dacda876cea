import type {
  LiveChange,
  LiveMessage,
  LiveSnapshot,
  MeshDocument,
  NodeDocument,
  RoomDocument,
  SelfDocument,
} from "../api/types.ts";

/** A document and when it came, by the page's own clock: its age grows from there. */
export interface Dated<T> {
  readonly document: T;
  readonly cameMs: number;
}

/** The office as last told. */
export interface Office {
  readonly rooms: ReadonlyMap<string, Dated<RoomDocument>>;
  readonly nodes: ReadonlyMap<string, Dated<NodeDocument>>;
  readonly mesh: MeshDocument;
  readonly self: SelfDocument;
}

/** The office after one more message; a change that comes before any snapshot is nothing. */
export function told(
  office: Office | undefined,
  message: LiveMessage,
  nowMs: number,
): Office | undefined {
  if (message.type === "snapshot") return whole(message, nowMs);
  return message.type === "change" && office !== undefined
    ? changed(office, message, nowMs)
    : office;
}

function whole(snapshot: LiveSnapshot, nowMs: number): Office {
  return {
    rooms: merged(new Map(), snapshot.rooms, ({ room }) => room, [], nowMs),
    nodes: merged(new Map(), snapshot.nodes, ({ id }) => id, [], nowMs),
    mesh: snapshot.mesh,
    self: snapshot.node,
  };
}

function changed(office: Office, change: LiveChange, nowMs: number): Office {
  const { rooms, nodes, mesh, node, gone } = change;
  return {
    rooms: merged(office.rooms, rooms, ({ room }) => room, gone?.rooms, nowMs),
    nodes: merged(office.nodes, nodes, ({ id }) => id, gone?.nodes, nowMs),
    mesh: mesh ?? office.mesh,
    self: node ?? office.self,
  };
}

function merged<T>(
  known: ReadonlyMap<string, Dated<T>>,
  news: readonly T[] | undefined,
  keyOf: (document: T) => string,
  gone: readonly string[] | undefined,
  nowMs: number,
): ReadonlyMap<string, Dated<T>> {
  if (news === undefined && gone === undefined) return known;
  const next = new Map(known);
  for (const document of news ?? []) next.set(keyOf(document), { document, cameMs: nowMs });
  for (const key of gone ?? []) next.delete(key);
  return next;
}

/** What to read out after a change: nodes that fell silent, came back, joined or left. */
export function newsOf(before: Office | undefined, after: Office): string {
  if (before === undefined) return "";
  const told: string[] = [];
  for (const [id, { document }] of after.nodes) {
    const was = before.nodes.get(id)?.document.state;
    if (was === undefined) told.push(`${document.name} joined`);
    else if (was !== document.state) {
      told.push(`${document.name} ${document.state === "alive" ? "is back" : "went silent"}`);
    }
  }
  for (const [id, { document }] of before.nodes) {
    if (!after.nodes.has(id)) told.push(`${document.name} left`);
  }
  return told.join(", ");
}
