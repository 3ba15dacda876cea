import * as v from "valibot";
import { parseAddress } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { NAME_PATTERN } from "../reading/reading.ts";
import { DURATION_PATTERN, parseDuration } from "./duration.ts";
import { nearest } from "./nearest.ts";

// Messages of single values say what is allowed; `problems.ts` puts the key and the value before.

const NAME_ALLOWED = "lower-case letters, digits, dots, dashes and underscores, at most 63";
const QUOTES = " (in quotes, so that YAML takes it as text)";
/** Paths, URLs and the like. A guess. */
const TEXT_LENGTH_MAX = 4_096;
const LIST_COUNT_MAX = 256;
/** Timers of Node hold 31 bits of milliseconds, a little over 24 days. */
const TIMER_DAYS_MAX = 24;

/** A mapping whose keys are all known; the message for an unknown one knows what was meant. */
export function mapping<const E extends v.ObjectEntries>(entries: E) {
  const known = Object.keys(entries);
  return v.strictObject(entries, (issue) => {
    if (issue.expected === "never") return unknownKey(String(issue.input), known);
    if (issue.expected === "Object") return `it must be a mapping of ${known.join(", ")}`;
    return "this key is missing";
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined
    ? `unknown key: known here are ${known.join(", ")}`
    : `unknown key: did you mean ${near}?`;
}

/** A list with an end to it. */
export function list<const S extends v.GenericSchema>(item: S) {
  return v.pipe(
    v.array(item, "a list"),
    v.maxLength(LIST_COUNT_MAX, `a list of at most ${LIST_COUNT_MAX}`),
  );
}

/** Some text of one line. */
export function text(lengthMin: number) {
  const allowed = lengthMin === 0 ? "text" : "text that is not empty";
  return v.pipe(
    v.string(allowed + QUOTES),
    v.minLength(lengthMin, allowed),
    v.maxLength(TEXT_LENGTH_MAX, `text of at most ${TEXT_LENGTH_MAX} characters`),
    v.check((said) => !/\p{Cc}/u.test(said), "text of one line"),
  );
}

/** One of some words. */
export function oneOf<const T extends readonly string[]>(words: T) {
  return v.picklist(words, ({ input }) => allowedWords(words, input));
}

/** Names the words that may stand in a place, and the one that was likely meant. */
export function allowedWords(words: readonly string[], input: unknown): string {
  const near = typeof input === "string" ? nearest(input, words) : undefined;
  return `one of ${words.join(", ")}${near === undefined ? "" : `; did you mean ${near}?`}`;
}

/** A whole number within bounds. */
export function whole(min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(allowed),
    v.integer(allowed),
    v.minValue(min, allowed),
    v.maxValue(max, allowed),
  );
}

export const number = v.pipe(v.number("a number"), v.finite("a number"));

/** A name of a node, a room or a sensor. */
export const name = v.pipe(
  v.string(`a name of ${NAME_ALLOWED}${QUOTES}`),
  v.regex(NAME_PATTERN, `a name of ${NAME_ALLOWED}`),
);

const saidFlag = v.union([v.boolean(), v.picklist(["yes", "no", "on", "off"])], "true or false");
const toFlag = (said: v.InferOutput<typeof saidFlag>) =>
  said === true || said === "yes" || said === "on";

/** True or false; YAML 1.2 takes `yes`, `no`, `on` and `off` as text, people don't. */
export const flag = v.pipe(saidFlag, v.transform(toFlag));

/** The same with what it is for, which the JSON Schema would lose behind the transformation. */
export const describedFlag = (says: string) =>
  v.pipe(saidFlag, v.description(says), v.transform(toFlag));

/** A span that is between two others, written with its unit. */
export function duration(least: string, most: string) {
  const allowed = `a span from ${least} to ${most}, such as 10s, 5min or 24h`;
  const [minMs, maxMs] = [spanMs(least), spanMs(most)];
  return v.pipe(
    v.string(allowed),
    v.regex(DURATION_PATTERN, allowed),
    v.check((said) => spanMs(said) >= minMs && spanMs(said) <= maxMs, allowed),
  );
}

/** A span that a timer waits for. */
export function timerDuration(least: string) {
  return duration(least, `${TIMER_DAYS_MAX}d`);
}

/** What a text that passed `duration` stands for. */
export function spanMs(said: string): Millis {
  return parseDuration(said) ?? 0;
}

const PEER_ALLOWED = "host:port, such as 192.168.1.20:7946 or [fd00::20]:7946";
/** Where another node may be reached. */
export const peer = v.pipe(
  v.string(PEER_ALLOWED + QUOTES),
  v.regex(/^(?:\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\]|[\w.-]+):\d{1,5}$/, PEER_ALLOWED),
  v.check((said) => parseAddress(said) !== undefined, PEER_ALLOWED),
);

/** Where to listen. Port 0 lets the system choose. `off` says whether "" is allowed too. */
export function listen(example: string, off: "may-be-off" | "always") {
  const orOff = off === "always" ? "" : ', or "" to turn it off';
  const allowed = `host:port, such as ${example}${orOff}`;
  const pattern = /^(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}$/;
  return v.pipe(
    v.string(allowed + QUOTES),
    v.regex(off === "always" ? pattern : new RegExp(`${pattern.source}|^$`), allowed),
    v.check((said) => Number(/:(\d+)$/.exec(said)?.[1] ?? 0) <= 65_535, allowed),
  );
}
