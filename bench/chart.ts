import type { Document, Row } from "./report.ts";
import { SYSTEMS } from "./systems.ts";

const WIDTH = 720;
const LABEL = 190;
const BAR = 11;
const ROW = 34;
const TOP = 52;
/** Both ends of the axis, milliseconds; bars beyond are cut off and say so by their number. */
const [FROM_MS, TO_MS] = [1, 3_000];
const COLOURS = { p50: "#2f6f8f", p99: "#c7793a" } as const;

/** Time until everybody has a reading, as bars on a logarithmic axis: SVG text. */
export function chart({ rows }: Document, nodes: number): string {
  const shown = rows.filter((row) => row.nodes === nodes && row.p50Ms !== undefined);
  const height = TOP + shown.length * ROW + 26;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" ` +
      `font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(8, 20, `Until all of ${nodes} have a reading, milliseconds (logarithmic)`, "bold"),
    legend(),
    ...grid(height),
    ...shown.flatMap((row, at) => bars(row, TOP + at * ROW)),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function legend(): string {
  const square = (x: number, name: keyof typeof COLOURS) =>
    `<rect x="${x}" y="29" width="10" height="10" fill="${COLOURS[name]}"/>${text(x + 14, 38, name)}`;
  return square(LABEL, "p50") + square(LABEL + 60, "p99");
}

function grid(height: number): readonly string[] {
  return [1, 10, 100, 1_000].flatMap((ms) => {
    const x = xOf(ms);
    const line = `<line x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${height - 20}" stroke="#ddd"/>`;
    return [line, text(x - 4, height - 6, String(ms))];
  });
}

function bars({ system, p50Ms = 0, p99Ms = 0 }: Row, y: number): readonly string[] {
  const title = (SYSTEMS.find(({ name }) => name === system)?.title ?? system).replaceAll("`", "");
  const weight = system === "ours" ? "bold" : "normal";
  const bar = (ms: number, top: number, colour: string) => {
    const width = Math.max(1, xOf(ms) - LABEL);
    return (
      `<rect x="${LABEL}" y="${top}" width="${width}" height="${BAR}" fill="${colour}"/>` +
      text(LABEL + width + 4, top + BAR - 1, ms.toFixed(ms < 10 ? 1 : 0))
    );
  };
  return [
    text(8, y + 16, title, weight),
    bar(p50Ms, y, COLOURS.p50),
    bar(p99Ms, y + BAR + 1, COLOURS.p99),
  ];
}

function xOf(ms: number): number {
  const clamped = Math.min(TO_MS, Math.max(FROM_MS, ms));
  const share = Math.log(clamped / FROM_MS) / Math.log(TO_MS / FROM_MS);
  return Math.round(LABEL + share * (WIDTH - LABEL - 50));
}

function text(x: number, y: number, words: string, weight = "normal"): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" font-weight="${weight}">${safe}</text>`;
}
