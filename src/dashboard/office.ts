import type {
  DeviceDocument,
  LiveChange,
  LiveMessage,
  LiveSnapshot,
  MeshDocument,
  NodeDocument,
  PersonDocument,
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
  readonly people: ReadonlyMap<string, Dated<PersonDocument>>;
  readonly devices: ReadonlyMap<string, Dated<DeviceDocument>>;
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
    people: merged(new Map(), snapshot.people, ({ person }) => person, [], nowMs),
    devices: merged(new Map(), snapshot.network, ({ mac }) => mac, [], nowMs),
    mesh: snapshot.mesh,
    self: snapshot.node,
  };
}

function changed(office: Office, change: LiveChange, nowMs: number): Office {
  const { rooms, nodes, people, network, mesh, node, gone } = change;
  return {
    rooms: merged(office.rooms, rooms, ({ room }) => room, gone?.rooms, nowMs),
    nodes: merged(office.nodes, nodes, ({ id }) => id, gone?.nodes, nowMs),
    people: merged(office.people, people, ({ person }) => person, gone?.people, nowMs),
    devices: merged(office.devices, network, ({ mac }) => mac, gone?.network, nowMs),
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

/** A node that fell silent, came back, joined or left. */
export interface News {
  readonly name: string;
  readonly what: "joined" | "back" | "silent" | "left";
}

/** What to read out after a change. */
export function newsOf(before: Office | undefined, after: Office): readonly News[] {
  if (before === undefined) return [];
  const told: News[] = [];
  for (const [id, { document }] of after.nodes) {
    const was = before.nodes.get(id)?.document.state;
    const { name, state } = document;
    if (was === undefined) told.push({ name, what: "joined" });
    else if (was !== state) told.push({ name, what: state === "alive" ? "back" : "silent" });
  }
  for (const [id, { document }] of before.nodes) {
    if (!after.nodes.has(id)) told.push({ name: document.name, what: "left" });
  }
  return told;
}

/**
 * The ordinary web addresses of nodes that live; other nodes say where they are. A page goes on
 * as it came: one that came over HTTPS may follow no node over HTTP.
 */
export function pagesOf(
  office: Office | undefined,
  protocol = "http:",
): readonly { name: string; href: string }[] {
  return [...(office?.nodes.values() ?? [])]
    .filter(({ document }) => document.state === "alive")
    .flatMap(({ document: { name, api } }) =>
      api
        .map((text) => text.replace(/\/$/, ""))
        .filter((text) => /^https?:\/\/[\w.:[\]-]+$/.test(text))
        .sort((one, other) => rankOf(one, protocol) - rankOf(other, protocol))
        .slice(0, 1)
        .map((href) => ({ name, href })),
    );
}

function rankOf(href: string, protocol: string): number {
  return href.startsWith(`${protocol}//`) ? 0 : 1;
}
