import type { ReadingDocument, RoomReadingDocument } from "../api/types.ts";

export type Kind = ReadingDocument["kind"];

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** Keeps a number and its unit on one line. */
const GAP = "\u00a0";

/** A span in words, such as "12 s" or "5 min". */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))}${GAP}s`;
  if (seconds < 90 * MINUTE_S) return `${Math.round(seconds / MINUTE_S)}${GAP}min`;
  if (seconds < 36 * HOUR_S) return `${Math.round(seconds / HOUR_S)}${GAP}h`;
  return `${Math.round(seconds / DAY_S)}${GAP}days`;
}

/** How long ago, in words. */
export function ago(seconds: number): string {
  return seconds < 3 ? "just now" : `${span(seconds)} ago`;
}

const DIGITS: Readonly<Partial<Record<Kind, number>>> = { temperature: 1, voltage: 2 };
const UNITS: Readonly<Record<RoomReadingDocument["unit"], string>> = {
  degC: "°C",
  percent: "%",
  hPa: "hPa",
  ppm: "ppm",
  dB: "dB",
  lx: "lx",
  boolean: "",
  V: "V",
  "1": "",
};
const NAMES: Readonly<Partial<Record<Kind, string>>> = { co2: "CO₂" };
const numbers = new Map<number, Intl.NumberFormat>();

export function nameOf(kind: Kind): string {
  return NAMES[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1);
}

/** A value without its unit. */
export function valueText(kind: Kind, value: number | boolean): string {
  if (kind === "motion") return value === true ? "somebody moves" : "still";
  if (typeof value === "boolean") return value ? "yes" : "no";
  const digits = DIGITS[kind] ?? 0;
  const known = numbers.get(digits);
  const format =
    known ??
    new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  numbers.set(digits, format);
  return format.format(value).replace(/^-(0(?:\.0+)?)$/, "$1");
}

export function unitText(unit: RoomReadingDocument["unit"]): string {
  return UNITS[unit];
}

/** Above these, in ppm, people call air stuffy and bad (users' usual settings). */
const CO2_STUFFY_PPM = 800;
const CO2_BAD_PPM = 1_200;

/** What a value means to a person in the room, where that is known. */
export function meaning(
  kind: Kind,
  value: number | boolean,
): { readonly word: string; readonly grade: "fine" | "poor" | "bad" } | undefined {
  if (kind !== "co2" || typeof value === "boolean") return undefined;
  if (value > CO2_BAD_PPM) return { word: "bad air", grade: "bad" };
  if (value > CO2_STUFFY_PPM) return { word: "stuffy", grade: "poor" };
  return { word: "fresh", grade: "fine" };
}
