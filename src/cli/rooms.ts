import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, printJson } from "./deps.ts";
import { type ReadingDocument, type RoomDocument, roomDocuments } from "./documents.ts";
import { type Cell, paperOf, table } from "./table.ts";
import { ago, quantity } from "./words.ts";

/** Kinds with a column of their own; `room` shows all. */
const KINDS = [
  { kind: "temperature", title: "TEMP" },
  { kind: "humidity", title: "HUMIDITY", dropRank: 2 },
  { kind: "co2", title: "CO2" },
  { kind: "sound", title: "SOUND", dropRank: 3 },
  { kind: "light", title: "LIGHT", dropRank: 4 },
] as const;

/** Every room, now, a line each. */
export async function rooms(deps: CliDeps, asking: Asking): Promise<void> {
  const client = clientOf(deps, asking);
  if (asking.json) return printJson(deps, await client.raw("/v1/rooms"));
  const all = await client.get("/v1/rooms", roomDocuments);
  if (all.length === 0) {
    return deps.stdout("No room has a reading yet: add sensors to watercooler.yaml.\n");
  }
  const kinds = KINDS.filter(({ kind }) => all.some(({ readings }) => kind in readings));
  const columns = [
    { title: "ROOM" },
    ...kinds,
    { title: "MOTION", dropRank: 1 },
    { title: "PEOPLE", dropRank: 1 },
    { title: "SEEN" },
    { title: "NOTE", dropRank: 5 },
  ];
  const rows = all.map(({ room, readings, occupancy }): Cell[] => [
    room,
    ...kinds.map(({ kind }) => reading(readings[kind])),
    occupancy.motion === null ? "" : quantity(occupancy.motion, "boolean"),
    occupancy.count === null ? "" : String(occupancy.count),
    newest(readings),
    note(readings),
  ]);
  deps.stdout(table(columns, rows, paperOf(deps)));
}

function reading(one: ReadingDocument | undefined): Cell {
  if (one === undefined) return "-";
  const text = quantity(one.value, one.unit);
  return one.stale ? { text, tone: "dim" } : text;
}

function newest(readings: RoomDocument["readings"]): string {
  const ages = Object.values(readings).map(({ age_s }) => age_s);
  return ages.length === 0 ? "-" : ago(Math.min(...ages));
}

function note(readings: RoomDocument["readings"]): string {
  const all = Object.entries(readings);
  const stale = all.filter(([, one]) => one.stale).map(([kind]) => kind);
  const words = stale.length === 0 ? [] : [`stale: ${stale.join(", ")}`];
  if (all.some(([, { simulated }]) => simulated)) words.push("simulated");
  return words.join("; ");
}
