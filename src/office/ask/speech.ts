import { HOUR_MS, MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import type { Unit } from "../../reading/kind.ts";
import type { ReadingView } from "../views.ts";
import type { Language, Noun, SentenceName, SpanName } from "./language.ts";

const DAY_MS = 24 * HOUR_MS;
/** A span is said in the largest unit of which there are two, so that little is lost. */
const SPANS: readonly (readonly [SpanName, Millis])[] = [
  ["day", DAY_MS],
  ["hour", HOUR_MS],
  ["minute", MINUTE_MS],
];
const UNITS_MIN = 2;
const NOW_MS_MAX = 1_000;
/** Digits behind the point; a volt's thousandths matter, a degree's hundredths are noise. */
const DIGITS: Readonly<Partial<Record<Unit, number>>> = { percent: 0, V: 3, ppm: 0, lx: 0 };

/** Says things in one language. */
export class Speech {
  constructor(private readonly language: Language) {}

  say(sentence: SentenceName, slots: Readonly<Record<string, string>> = {}): string {
    const text = this.language.sentences[sentence];
    return text.replace(/\{(\w+)\}/g, (_, name: string) => slots[name] ?? "");
  }

  /** The honest answer, with its reason. */
  noData(why: string): string {
    return this.say("noData", { why });
  }

  kind(kind: ReadingView["kind"]): string {
    return this.language.kindNames[kind];
  }

  quantity(value: number | boolean, unit: Unit): string {
    if (typeof value === "boolean") {
      return this.say(value ? "yes" : "no")
        .replace(/\.$/, "")
        .toLowerCase();
    }
    const scale = 10 ** (DIGITS[unit] ?? 1);
    return this.counted(Math.round(value * scale) / scale, this.language.unitNames[unit]);
  }

  span(spanMs: Millis): string {
    for (const [name, unitMs] of SPANS) {
      if (spanMs < UNITS_MIN * unitMs) continue;
      return this.counted(Math.round(spanMs / unitMs), this.language.spanNames[name]);
    }
    return this.counted(Math.round(spanMs / SECOND_MS), this.language.spanNames.second);
  }

  ago(ageMs: Millis): string {
    return ageMs < NOW_MS_MAX ? this.say("now") : this.say("ago", { span: this.span(ageMs) });
  }

  /** "a, b and c" */
  list(words: readonly string[]): string {
    const last = words.at(-1) ?? "";
    if (words.length < 2) return last;
    return `${words.slice(0, -1).join(", ")} ${this.say("and")} ${last}`;
  }

  private counted(count: number, [one, many]: Noun): string {
    const digits = String(count).replace(".", this.language.decimalPoint);
    return `${digits} ${Math.abs(count) === 1 ? one : many}`.trim();
  }
}

/** A room's slug as people say it. */
export function roomName(room: string): string {
  return room.replaceAll(/[-_]+/g, " ");
}

/** Begins with a capital. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
