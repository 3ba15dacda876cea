import type {
  DeviceDocument,
  NodeDocument,
  RoomDocument,
  RoomReadingDocument,
} from "../api/types.ts";
import type { CliDeps } from "./deps.ts";
import { ask } from "./http.ts";
import { ago, quantity, table } from "./table.ts";

const COLUMNS = ["temperature", "humidity", "co2", "sound"] as const;

export async function rooms(deps: CliDeps, node: string): Promise<void> {
  const all = await ask<RoomDocument[]>(node, "/v1/rooms");
  if (all.length === 0)
    return deps.stdout("No room has a reading yet: add sensors to watercooler.yaml\n");
  const rows = all.map(({ room, readings, occupancy }) => {
    const ages = Object.values(readings).map(({ age_s }) => age_s);
    return [
      room,
      ...COLUMNS.map((kind) => cell(readings[kind])),
      occupancy.motion === null ? "-" : occupancy.motion ? "yes" : "no",
      ages.length === 0 ? "-" : ago(Math.min(...ages)),
      remark(readings),
    ];
  });
  const headings = ["ROOM", "TEMP", "HUMIDITY", "CO2", "SOUND", "MOTION", "SEEN", ""];
  deps.stdout(table(headings, rows, deps.columns));
}

export async function room(deps: CliDeps, node: string, name: string): Promise<void> {
  const one = await ask<RoomDocument>(node, `/v1/rooms/${encodeURIComponent(name)}`);
  const rows = Object.entries(one.readings).map(([kind, reading]) => [
    kind,
    quantity(reading.value, reading.unit),
    reading.sensor,
    ago(reading.age_s),
    marks(reading),
  ]);
  deps.stdout(`${one.room}\n\n`);
  deps.stdout(table(["KIND", "VALUE", "SENSOR", "SEEN", ""], rows, deps.columns));
  for (const advice of one.advice) deps.stdout(`\n${advice}\n`);
}

export async function network(deps: CliDeps, node: string): Promise<void> {
  const [devices, nodes] = await Promise.all([
    ask<DeviceDocument[]>(node, "/v1/network"),
    ask<NodeDocument[]>(node, "/v1/nodes"),
  ]);
  if (devices.length === 0)
    return deps.stdout("No device has been seen yet: wait for the next look\n");
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const rows = devices.map(({ mac, ip, ips, seen_by, age_s }) => [
    mac,
    ip,
    ips.length > 1 ? `+${ips.length - 1}` : "",
    ago(age_s),
    seen_by.map((id) => names.get(id) ?? id.slice(-8)).join(", "),
  ]);
  deps.stdout(table(["MAC", "IP", "", "SEEN", "BY"], rows, deps.columns));
}

function cell(reading: RoomReadingDocument | undefined): string {
  return reading === undefined ? "-" : quantity(reading.value, reading.unit);
}

function remark(readings: Readonly<Record<string, RoomReadingDocument>>): string {
  const all = Object.values(readings);
  const words: string[] = [];
  if (all.some(({ stale }) => stale)) words.push("stale");
  if (all.some(({ simulated }) => simulated)) words.push("simulated");
  return words.join(", ");
}

function marks({ stale, simulated }: RoomReadingDocument): string {
  return [stale ? "stale" : "", simulated ? "simulated" : ""].filter(Boolean).join(", ");
}
