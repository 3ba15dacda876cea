import type { CliDeps } from "./deps.ts";
import { plain } from "./words.ts";

export type Tone = "good" | "bad" | "dim";

/** A text with a tone. The words alone have to say all: a tone is never shown without colour. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

export interface Column {
  readonly title: string;
  /** Left out where the terminal is too narrow, the highest first. */
  readonly dropRank?: number;
}

/** What is printed on. */
export interface Paper {
  /** Infinite where nobody looks: a program wants whole words. */
  readonly columns: number;
  readonly colour: "on" | "off";
}

const GAP = "  ";
/** No column is cut below this. */
const CUT_LENGTH_MIN = 6;
const COLOURS: Readonly<Record<Tone, string>> = { good: "32", bad: "31;1", dim: "2" };

/** The terminal's width and whether it wants colour (https://no-color.org). */
export function paperOf({ isTty, columns, env }: CliDeps): Paper {
  const wanted = isTty && !env.NO_COLOR && env.TERM !== "dumb";
  return { columns: isTty && columns > 0 ? columns : Infinity, colour: wanted ? "on" : "off" };
}

/** Rows under headings, made to fit: empty columns go, then optional ones, then text is cut. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  paper: Paper,
): string {
  let kept = columns
    .map((column, at) => ({ ...column, at, width: widthOf(column, rows, at) }))
    .filter(({ at }) => rows.some((row) => textOf(row[at]) !== ""));
  while (total(kept) > paper.columns && kept.some(({ dropRank }) => dropRank !== undefined)) {
    const highest = Math.max(...kept.map(({ dropRank = -1 }) => dropRank));
    kept = kept.filter(({ dropRank }) => dropRank !== highest);
  }
  while (total(kept) > paper.columns) {
    const widest = kept.reduce((left, right) => (right.width > left.width ? right : left));
    if (widest.width <= CUT_LENGTH_MIN) break;
    widest.width = Math.max(CUT_LENGTH_MIN, widest.width - (total(kept) - paper.columns));
  }
  const headings = columns.map(({ title }): Cell => ({ text: title, tone: "dim" }));
  return [headings, ...rows]
    .map((row) => {
      const cells = kept.map(({ at, width }, place) =>
        draw(row[at] ?? "", place === kept.length - 1 ? "last" : "padded", width, paper),
      );
      return `${cells.join(GAP).trimEnd()}\n`;
    })
    .join("");
}

/** A line's text in its tone. */
export function inTone({ text, tone }: { text: string; tone: Tone }, paper: Paper): string {
  return paper.colour === "on" && text !== "" ? `\x1b[${COLOURS[tone]}m${text}\x1b[0m` : text;
}

function draw(cell: Cell, place: "padded" | "last", width: number, paper: Paper): string {
  const letters = [...textOf(cell)];
  const text = letters.length > width ? `${letters.slice(0, width - 1).join("")}…` : textOf(cell);
  const padding = place === "last" ? "" : " ".repeat(Math.max(0, width - letters.length));
  return (typeof cell === "string" ? text : inTone({ ...cell, text }, paper)) + padding;
}

function total(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width, (columns.length - 1) * GAP.length);
}

function widthOf({ title }: Column, rows: readonly (readonly Cell[])[], at: number): number {
  return Math.max(title.length, ...rows.map((row) => [...textOf(row[at])].length));
}

function textOf(cell: Cell | undefined): string {
  return plain(typeof cell === "string" ? cell : (cell?.text ?? ""));
}
