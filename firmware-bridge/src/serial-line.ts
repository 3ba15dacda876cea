import type { Kind } from "../../src/reading/kind.ts";
import { isBooleanKind, isKind, isPlausible } from "../../src/reading/kind.ts";
import { type Passage, peopleThrough } from "../../src/reading/passage.ts";
import { isName } from "../../src/reading/reading.ts";

/** What one line of a microcontroller says. */
export type SerialLine =
  | {
      readonly type: "reading";
      readonly sensor: string;
      readonly kind: Kind;
      readonly value: number;
      /** Who went through a door, where the line tells of that. */
      readonly people?: Pick<Passage, "ins" | "outs">;
    }
  | { readonly type: "hello"; readonly name: string; readonly firmware: string }
  | { readonly type: "bad"; readonly reason: string };

/** Text of a `hello` that goes into the log, at most. */
const HELLO_CHARS_MAX = 64;

/**
 * Understands a parsed line. A reading's sensor is named `<box>.<sensor>`, so that two boxes with
 * a `noise` each stay apart; a line that names no sensor is the box's own.
 */
export function readSerialLine(box: string, value: unknown): SerialLine {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { type: "bad", reason: "not an object" };
  }
  const line = value as Readonly<Record<string, unknown>>;
  if (line.hello !== undefined) {
    return { type: "hello", name: shown(line.hello), firmware: shown(line.firmware) };
  }
  const { kind } = line;
  if (typeof kind !== "string" || !isKind(kind)) return { type: "bad", reason: "unknown kind" };
  const sensor = sensorName(box, line.sensor);
  if (sensor === undefined) return { type: "bad", reason: "bad sensor name" };
  const number = numberOf(kind, line.value);
  if (number === undefined || !isPlausible(kind, number)) {
    return { type: "bad", reason: "implausible value" };
  }
  const reading = { type: "reading", sensor, kind, value: number === 0 ? 0 : number } as const;
  const { passage: way } = line;
  if (way === undefined) return reading;
  const people =
    kind === "count" && (way === "in" || way === "out") ? peopleThrough(way, number) : undefined;
  return people === undefined ? { type: "bad", reason: "bad passage" } : { ...reading, people };
}

function sensorName(box: string, sensor: unknown): string | undefined {
  if (sensor === undefined) return box;
  if (typeof sensor !== "string" || !isName(sensor)) return undefined;
  const name = `${box}.${sensor}`;
  return isName(name) ? name : undefined;
}

function numberOf(kind: Kind, value: unknown): number | undefined {
  if (typeof value === "boolean" && isBooleanKind(kind)) return Number(value);
  return typeof value === "number" ? value : undefined;
}

/** A foreign text made safe for one log line. */
function shown(value: unknown): string {
  if (typeof value !== "string") return "";
  return value.replace(/[^\x20-\x7e]/g, "?").slice(0, HELLO_CHARS_MAX);
}
