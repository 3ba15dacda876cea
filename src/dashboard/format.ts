import type { ReadingDocument, RoomReadingDocument } from "../api/types.ts";
import type { Settings } from "./settings.ts";
import type { Texts } from "./texts/texts.ts";

export type Kind = ReadingDocument["kind"];
export type Unit = RoomReadingDocument["unit"];

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
/** Keeps a number and its unit on one line. */
const GAP = "\u00a0";
const FAHRENHEIT_PER_CELSIUS = 1.8;
const FAHRENHEIT_AT_FREEZING = 32;

const DIGITS: Readonly<Partial<Record<Kind, number>>> = { temperature: 1, voltage: 2 };
const UNITS: Readonly<Record<Unit, string>> = {
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

/** Numbers, units and times in the words of one user. */
export interface Format {
  readonly degrees: string;
  /** A span such as "12 s" or "5 min". */
  span(seconds: number): string;
  ago(seconds: number): string;
  /** "09:41", with the day where it is not today. */
  clock(at: string): string;
  /** A value without its unit. */
  value(kind: Kind, value: number | boolean): string;
  unit(unit: Unit): string;
  /** A value as charts draw it: degrees as the user reads them. */
  scaled(kind: Kind, value: number): number;
  /** The way back from what a user reads to degC. */
  celsius(shown: number): number;
  number(value: number, digits: number): string;
}

export function formatOf({ language, degrees }: Settings, texts: Texts): Format {
  const numbers = new Map<number, Intl.NumberFormat>();
  const number = (value: number, digits: number) => {
    const known = numbers.get(digits) ?? fixed(language, digits);
    numbers.set(digits, known);
    return known.format(value).replace(/^-(0(?:[.,]0+)?)$/, "$1");
  };
  const scaled = (kind: Kind, value: number) =>
    kind === "temperature" && degrees === "F"
      ? value * FAHRENHEIT_PER_CELSIUS + FAHRENHEIT_AT_FREEZING
      : value;
  const days = new Intl.DateTimeFormat(language, { weekday: "short" });
  return {
    degrees: `°${degrees}`,
    span,
    ago: (seconds) => (seconds < 3 ? texts.justNow : texts.ago(span(seconds))),
    clock: (at) => clockText(new Date(at), days),
    value: (kind, value) => {
      if (kind === "motion") return value === true ? texts.moves : texts.still;
      if (typeof value === "boolean") return value ? texts.yes : texts.no;
      return number(scaled(kind, value), DIGITS[kind] ?? 0);
    },
    unit: (unit) => (unit === "degC" ? `°${degrees}` : UNITS[unit]),
    scaled,
    celsius: (shown) =>
      degrees === "F" ? (shown - FAHRENHEIT_AT_FREEZING) / FAHRENHEIT_PER_CELSIUS : shown,
    number,
  };
}

function span(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))}${GAP}s`;
  if (seconds < 90 * MINUTE_S) return `${Math.round(seconds / MINUTE_S)}${GAP}min`;
  if (seconds < 36 * HOUR_S) return `${Math.round(seconds / HOUR_S)}${GAP}h`;
  return `${Math.round(seconds / DAY_S)}${GAP}d`;
}

function clockText(at: Date, days: Intl.DateTimeFormat): string {
  const two = (part: number) => String(part).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${days.format(at)} ${time}`;
}

function fixed(language: string, digits: number): Intl.NumberFormat {
  const tag = language === "pt" ? "pt-PT" : "en";
  return new Intl.NumberFormat(tag, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** A room's slug as people say it: "meeting-room" is "Meeting room". */
export function roomName(slug: string): string {
  const words = slug.replace(/[-_]+/g, " ").trim();
  return words === "" ? slug : words.charAt(0).toUpperCase() + words.slice(1);
}

/** Above these, in ppm, people call air stuffy and bad (users' usual settings). */
const CO2_STUFFY_PPM = 800;
const CO2_BAD_PPM = 1_200;

export type Grade = "fine" | "poor" | "bad";

/** How good a value is for people in the room, where that is known. */
export function gradeOf(kind: Kind, value: number | boolean): Grade | undefined {
  if (kind !== "co2" || typeof value === "boolean") return undefined;
  if (value > CO2_BAD_PPM) return "bad";
  return value > CO2_STUFFY_PPM ? "poor" : "fine";
}
