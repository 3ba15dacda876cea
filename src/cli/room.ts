import { nearest } from "../config/nearest.ts";
import { type Asking, clientOf } from "./asking.ts";
import { type NodeClient, Refusal } from "./client.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { type RoomDocument, roomDocument, roomDocuments } from "./documents.ts";
import { type Cell, type Paper, paperOf, table } from "./table.ts";
import { ago, plain, quantity } from "./words.ts";

/** So many known rooms are named to whoever misspells one. */
const NAMED_COUNT_MAX = 20;

/** One room, now. */
export async function room(deps: CliDeps, name: string, asking: Asking): Promise<void> {
  const client = clientOf(deps, asking);
  const path = `/v1/rooms/${encodeURIComponent(name)}`;
  try {
    if (asking.json) return printJson(deps, await client.raw(path));
    deps.stdout(describe(await client.get(path, roomDocument), paperOf(deps)));
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
    throw new CliError(EXIT.failed, await unknownRoom(client, name));
  }
}

async function unknownRoom(client: NodeClient, name: string): Promise<string> {
  const known = (await client.get("/v1/rooms", roomDocuments)).map((one) => one.room);
  if (known.length === 0) return `no room "${name}": no room has a reading yet`;
  const near = nearest(name, known);
  const guess = near === undefined ? "" : `did you mean ${near}? `;
  const more = known.length > NAMED_COUNT_MAX ? ", ..." : "";
  const named = known.slice(0, NAMED_COUNT_MAX).join(", ");
  return `no room "${name}": ${guess}known are ${named}${more}`;
}

function describe(one: RoomDocument, paper: Paper): string {
  const lines = [plain(one.room)];
  const { motion, count, occupied, likelihood } = one.occupancy;
  if (motion !== null) lines.push(`motion: ${quantity(motion, "boolean")}`);
  if (count !== null) lines.push(`people: ${count}`);
  if (occupied !== null) {
    lines.push(occupied ? "occupied" : "likely empty");
    if (likelihood !== null) lines.push(`(somebody is there: ${Math.round(likelihood * 100)} %)`);
  }
  const parts = [`${lines.join("  ")}\n`];
  const readings = Object.entries(one.readings);
  parts.push(readings.length > 0 ? readingTable(one, paper) : "No reading yet.\n");
  if (one.advice.length > 0) parts.push(one.advice.map((text) => `${plain(text)}\n`).join(""));
  return parts.join("\n");
}

function readingTable({ readings, targets }: RoomDocument, paper: Paper): string {
  const columns = [
    { title: "KIND" },
    { title: "VALUE" },
    { title: "TARGET" },
    { title: "SEEN" },
    { title: "SENSOR", dropRank: 1 },
    { title: "NOTE", dropRank: 2 },
  ];
  const kinds = [...new Set([...Object.keys(readings), ...Object.keys(targets)])];
  const rows = kinds.map((kind): Cell[] => {
    const now = readings[kind];
    const target = targets[kind];
    const rivals = (target?.concurrent ?? []).map((other) =>
      other.value === null
        ? `cleared by ${other.by} at the same time`
        : `${quantity(other.value, target?.unit ?? "")} wanted by ${other.by} at the same time`,
    );
    const marks = [now?.stale ? "stale" : "", now?.simulated ? "simulated" : "", ...rivals];
    return [
      kind,
      now === undefined ? "-" : quantity(now.value, now.unit),
      target === undefined ? "" : quantity(target.value, target.unit),
      now === undefined ? "-" : ago(now.age_s),
      now?.sensor ?? "-",
      marks.filter((mark) => mark !== "").join(", "),
    ];
  });
  return table(columns, rows, paper);
}
