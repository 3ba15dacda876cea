import type { Millis } from "../base/time.ts";

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/i;

/** A moment in a query, RFC 3339; undefined where the text is none. */
export function parseInstant(text: string): Millis | undefined {
  // A plus sign that was not escaped arrives as a space.
  const plain = text.replace(" ", "+");
  const wallMs = RFC_3339.test(plain) ? Date.parse(plain) : Number.NaN;
  return Number.isNaN(wallMs) ? undefined : wallMs;
}
