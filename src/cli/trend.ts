import { glyphsOf, sparkLine } from "./chart.ts";
import type { CliDeps } from "./deps.ts";

/** Values of one room and kind that are drawn beside the newest. */
const VALUES_MAX = 16;
/** What is watched for days may name ever new rooms; then it begins anew. */
const KEYS_MAX = 4_096;

/** The last values under a key, drawn small; empty where there is nothing to draw. */
export type Trend = (key: string, at: string, value: number | boolean) => string;

interface Seen {
  at: string;
  readonly values: number[];
}

/** Remembers what was shown, where somebody looks: a program wants words alone. */
export function trendOf({ isTty, env }: CliDeps): Trend {
  if (!isTty) return () => "";
  const glyphs = glyphsOf(env);
  const seen = new Map<string, Seen>();
  return (key, at, value) => {
    if (seen.size >= KEYS_MAX) seen.clear();
    const known = seen.get(key) ?? { at: "", values: [] };
    seen.set(key, known);
    if (at !== known.at) known.values.push(Number(value));
    known.at = at;
    if (known.values.length > VALUES_MAX) known.values.shift();
    return known.values.length < 2 ? "" : sparkLine(known.values, glyphs);
  };
}
