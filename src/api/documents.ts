import type { Millis } from "../base/time.ts";
import type { Check, MeshView, SelfView } from "../node/read-side.ts";
import type { DeviceView, NodeView, ReadingView, RoomView } from "../office/views.ts";
import type {
  Health,
  MeshDocument,
  NetworkItem,
  NodeDocument,
  NodeListItem,
  ReadingDocument,
  RoomDocument,
  RoomReading,
} from "./types.ts";

export function healthDocument(checks: readonly Check[]): Health {
  return {
    status: checks.every(({ state }) => state === "ok") ? "ok" : "degraded",
    checks: Object.fromEntries(
      checks.map(({ name, state, detail }) => [name, { status: state, detail }]),
    ),
  };
}

export function nodeDocument(self: SelfView): NodeDocument {
  return {
    id: self.id,
    name: self.name,
    room: self.room,
    version: self.version,
    started: timeOf(self.startedWallMs),
    uptime_s: seconds(self.uptimeMs),
    addresses: self.addresses,
    sensors: self.sensors.map(({ name, platform, kinds, state, error }) => ({
      name,
      platform,
      kinds,
      state,
      ...(error === undefined ? {} : { error }),
    })),
  };
}

export function nodeListItem(view: NodeView): NodeListItem {
  const { id, name, room, version, addresses, api, state, ageMs, links } = view;
  return { id, name, room, version, addresses, api, state, age_s: seconds(ageMs), links };
}

export function meshDocument(view: MeshView): MeshDocument {
  const { mesh, self, active, passive, nodes, digest, entries, eager, lazy } = view;
  return {
    mesh,
    self,
    active,
    passive,
    nodes,
    digest,
    entries,
    broadcast: { eager, lazy },
    links: view.links.map(({ id, address, rttMs, bytesIn, bytesOut }) => ({
      id,
      address,
      rtt_ms: rttMs === undefined ? null : Math.round(rttMs * 10) / 10,
      bytes_in: bytesIn,
      bytes_out: bytesOut,
    })),
  };
}

export function roomDocument(view: RoomView): RoomDocument {
  return {
    room: view.room,
    readings: Object.fromEntries(view.readings.map((one) => [one.kind, roomReading(one)])),
    targets: {},
    occupancy: { motion: view.motion ?? null, count: view.count ?? null },
    advice: [],
  };
}

export function readingDocument(view: ReadingView): ReadingDocument {
  return { room: view.room, kind: view.kind, ...roomReading(view) };
}

export function networkItem(view: DeviceView): NetworkItem {
  const { mac, ip, ips, hostname, seenBy, atWallMs, ageMs } = view;
  return {
    mac,
    ip,
    ips,
    ...(hostname === undefined ? {} : { hostname }),
    seen_by: seenBy,
    at: timeOf(atWallMs),
    age_s: seconds(ageMs),
  };
}

function roomReading(view: ReadingView): RoomReading {
  const { value, unit, sensor, node, atWallMs, ageMs, stale, simulated } = view;
  return {
    value: typeof value === "number" ? Math.round(value * 1_000) / 1_000 : value,
    unit,
    sensor,
    node,
    at: timeOf(atWallMs),
    age_s: seconds(ageMs),
    stale,
    simulated,
  };
}

/** The last moment that a JavaScript date can say; a clock gone mad must not throw here. */
const TIME_MS_MAX = 8.64e15;

function timeOf(wallMs: Millis): string {
  return new Date(Math.min(Math.max(0, wallMs), TIME_MS_MAX)).toISOString();
}

function seconds(spanMs: Millis): number {
  return Math.round(Math.max(0, spanMs) / 100) / 10;
}
