const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** How long ago, for people. */
export function ago(seconds: number): string {
  if (seconds < 1) return "now";
  if (seconds < 2 * MINUTE_S) return `${Math.round(seconds)} s ago`;
  if (seconds < 2 * HOUR_S) return `${Math.round(seconds / MINUTE_S)} min ago`;
  if (seconds < 2 * DAY_S) return `${Math.round(seconds / HOUR_S)} h ago`;
  return `${Math.round(seconds / DAY_S)} d ago`;
}

const SYMBOLS: Readonly<Record<string, string>> = { degC: "°C", percent: "%", "1": "" };
/** Digits behind the point; a volt's thousandths matter, a degree's are noise. */
const DIGITS: Readonly<Record<string, number>> = { degC: 1, percent: 0, V: 3, ppm: 0, lx: 0 };

/** A value with its unit as people write it. */
export function quantity(value: number | boolean, unit: string): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  const scale = 10 ** (DIGITS[unit] ?? 1);
  return `${Math.round(value * scale) / scale} ${SYMBOLS[unit] ?? unit}`.trim();
}

/** A count of bytes, for people. */
export function bytes(count: number): string {
  if (count < 10_000) return `${count} B`;
  return count < 10_000_000 ? `${Math.round(count / 1e3)} kB` : `${Math.round(count / 1e6)} MB`;
}

/** Enough of an identity to tell nodes apart. */
export function shortId(id: string): string {
  return id.slice(-8);
}

/** What other machines said must not draw on the user's terminal. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "?");
}
