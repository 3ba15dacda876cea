import type { Millis } from "../base/time.ts";
import { SECOND_MS } from "../base/time.ts";
import type { Check, MeshView, SelfView, SensorValueView } from "../node/read-side.ts";
import type { PastFact } from "../office/facts.ts";
import type {
  DeviceView,
  NodeView,
  PersonView,
  ReadingView,
  RoomView,
  TargetView,
} from "../office/views.ts";
import { isBooleanKind, unitOf } from "../reading/kind.ts";
import type {
  DeviceDocument,
  FactDocument,
  HealthDocument,
  Instant,
  MeshDocument,
  NodeDocument,
  PersonDocument,
  ReadingDocument,
  RoomDocument,
  RoomReadingDocument,
  RoomTargetDocument,
  SelfDocument,
  SensorValueDocument,
} from "./types.ts";

/** RFC 3339 has four digits for the year, and a Pi's clock may believe in anything. */
const WALL_MS_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** A wall clock's instant as RFC 3339 in UTC; what is out of its years is put at their edge. */
export function instant(wallMs: Millis): Instant {
  const known = Number.isNaN(wallMs) ? 0 : wallMs;
  return new Date(Math.min(WALL_MS_MAX, Math.max(0, known))).toISOString();
}

/** A span in seconds with one decimal. */
export function seconds(spanMs: Millis): number {
  return Math.round((spanMs / SECOND_MS) * 10) / 10;
}

export function healthDocument(checks: readonly Check[]): HealthDocument {
  return {
    status: checks.some(({ state }) => state === "degraded") ? "degraded" : "ok",
    checks: Object.fromEntries(
      checks.map(({ name, state, detail }) => [name, { status: state, detail }]),
    ),
  };
}

export function selfDocument(self: SelfView): SelfDocument {
  return {
    id: self.id,
    name: self.name,
    room: self.room,
    version: self.version,
    started: instant(self.startedWallMs),
    uptime_s: seconds(self.uptimeMs),
    addresses: self.addresses,
    authority: self.authority ?? null,
    sensors: self.sensors.map(({ name, platform, kinds, state, error, values = [] }) => ({
      name,
      platform,
      kinds,
      state,
      error: error ?? null,
      values: values.map(sensorValueDocument),
    })),
  };
}

function sensorValueDocument({ sensor, kind, raw, value }: SensorValueView): SensorValueDocument {
  const shown = (number: number) => (isBooleanKind(kind) ? number !== 0 : number);
  const told = value === undefined ? null : shown(value);
  return { sensor, kind, unit: unitOf(kind), raw: shown(raw), value: told };
}

export function nodeDocument(node: NodeView): NodeDocument {
  const { id, name, room, version, addresses, api, state, links } = node;
  return { id, name, room, version, addresses, api, state, age_s: seconds(node.ageMs), links };
}

/** `nodes` only lends the neighbours their names. */
export function meshDocument(mesh: MeshView, nodes: readonly NodeView[]): MeshDocument {
  const names = new Map<string, string>(nodes.map(({ id, name }) => [id, name]));
  return {
    mesh: mesh.mesh,
    self: mesh.self,
    active: mesh.active,
    passive: mesh.passive,
    nodes: mesh.nodes,
    digest: mesh.digest,
    entries: mesh.entries,
    broadcast: { eager: mesh.eager, lazy: mesh.lazy },
    links: mesh.links.map(({ id, address, wire, rttMs, bytesIn, bytesOut }) => ({
      id,
      name: names.get(id) ?? id.slice(-8),
      address,
      wire: wire ?? null,
      rtt_ms: rttMs === undefined ? null : Math.round(rttMs * 10) / 10,
      bytes_in: bytesIn,
      bytes_out: bytesOut,
    })),
  };
}

export function readingDocument(reading: ReadingView): ReadingDocument {
  const { node, sensor, room, kind } = reading;
  return { node, sensor, room, kind, ...measured(reading) };
}

export function roomDocument(room: RoomView): RoomDocument {
  return {
    room: room.room,
    readings: Object.fromEntries(
      room.readings.map((reading) => [
        reading.kind,
        { ...measured(reading), sensor: reading.sensor, node: reading.node },
      ]),
    ),
    targets: Object.fromEntries(
      room.targets.map((target) => {
        const { room: _, kind, ...document } = targetDocument(target);
        return [kind, document];
      }),
    ),
    occupancy: occupancyDocument(room),
    advice: room.advice ?? [],
  };
}

function occupancyDocument({ motion, count, occupancy }: RoomView): RoomDocument["occupancy"] {
  const { state, likelihood } = occupancy ?? {};
  return {
    motion: motion ?? null,
    count: count ?? null,
    occupied: state === undefined ? null : state === "taken",
    likelihood: likelihood === undefined ? null : Math.round(likelihood * 100) / 100,
  };
}

export function targetDocument(target: TargetView): RoomTargetDocument {
  const { room, kind, value, unit, by, atWallMs, concurrent } = target;
  return {
    room,
    kind,
    value,
    unit,
    by,
    at: instant(atWallMs),
    concurrent: concurrent.map((other) => ({
      value: other.value ?? null,
      by: other.by,
      at: instant(other.atWallMs),
    })),
  };
}

export function personDocument(view: PersonView): PersonDocument {
  const { person, isIn, sinceWallMs, room, devices } = view;
  return {
    person,
    in: isIn,
    since: sinceWallMs === undefined ? null : instant(sinceWallMs),
    ...(room === undefined ? {} : { room }),
    devices: devices.map(({ mac, ip, ageMs, others }) => ({
      mac,
      ip: ip ?? null,
      last_seen_s: ageMs === undefined ? null : seconds(ageMs),
      ...(others.length > 0 && { conflict: others }),
    })),
  };
}

export function deviceDocument(device: DeviceView): DeviceDocument {
  return {
    mac: device.mac,
    ip: device.ip,
    ips: device.ips,
    ...(device.hostname === undefined ? {} : { hostname: device.hostname }),
    ...(device.owners?.[0] === undefined ? {} : { person: device.owners[0] }),
    ...(device.owners !== undefined && device.owners.length > 1 && { conflict: device.owners }),
    seen_by: device.seenBy,
    at: instant(device.atWallMs),
    age_s: seconds(device.ageMs),
  };
}

export function factDocument(past: PastFact): FactDocument {
  const { about: _, atWallMs, ageMs, value = null, ...fact } = past;
  return { ...fact, value, at: instant(atWallMs), age_s: seconds(ageMs) };
}

function measured(reading: ReadingView): Omit<RoomReadingDocument, "sensor" | "node"> {
  return {
    value: reading.unit === "boolean" ? Boolean(reading.value) : reading.value,
    unit: reading.unit,
    at: instant(reading.atWallMs),
    age_s: seconds(reading.ageMs),
    stale: reading.stale,
    simulated: reading.simulated,
  };
}
