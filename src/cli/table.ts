/** Rows under headings, columns as wide as they need; the last is cut at the terminal's edge. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, at) => Math.max(...all.map((row) => (row[at] ?? "").length)));
  return all
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => (line.length > columns ? `${line.slice(0, Math.max(1, columns - 1))}…` : line))
    .map((line) => `${line}\n`)
    .join("");
}

/** How long ago, for people. */
export function ago(seconds: number): string {
  if (seconds < 1) return "now";
  if (seconds < 120) return `${Math.round(seconds)} s ago`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

const SYMBOLS: Readonly<Record<string, string>> = {
  degC: "°C",
  percent: "%",
  boolean: "",
  "1": "",
};

/** A value with its unit as people write it. */
export function quantity(value: number | boolean, unit: string): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return `${Math.round(value * 10) / 10} ${SYMBOLS[unit] ?? unit}`.trim();
}

export function bytes(count: number): string {
  if (count < 10_000) return `${count} B`;
  return count < 10_000_000 ? `${Math.round(count / 1_000)} kB` : `${Math.round(count / 1e6)} MB`;
}
