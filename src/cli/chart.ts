/** How a chart is drawn. */
export interface ChartStyle {
  /** Columns of the terminal. */
  readonly columns: number;
  readonly rows: number;
  /** "ascii" for terminals that can't show blocks. */
  readonly glyphs: "blocks" | "ascii";
}

/** A value for each step, undefined where there is none. */
export type Series = readonly (number | undefined)[];

/** Filled from below, in eighths of a cell (Unicode's block elements, U+2581 to U+2588). */
const EIGHTHS = " ▁▂▃▄▅▆▇█";
/** The same in so few letters that all can be told apart. */
const ASCII = " .:#";
/** The foot of a column: also the least value is seen. */
const FOOT_CELLS = 1 / 8;

/** What marks steps without any value: a gap is no zero. */
const GAP = "·";

/**
 * Columns of blocks from the least value up, one a step, top row first; all of one height where
 * they are all equal. Steps without a value are dots at the foot.
 */
export function blocks(series: Series, { rows, glyphs }: Omit<ChartStyle, "columns">): string[] {
  const { min, max } = boundsOf(series);
  const letters = glyphs === "blocks" ? EIGHTHS : ASCII;
  const full = letters.length - 1;
  const height = (value: number) =>
    max === min ? rows / 2 : FOOT_CELLS + ((value - min) / (max - min)) * (rows - FOOT_CELLS);
  const lines: string[] = [];
  for (let row = rows - 1; row >= 0; row--) {
    const cells = series.map((value) => {
      if (value === undefined) return row > 0 ? " " : glyphs === "blocks" ? GAP : "-";
      const filled = Math.min(1, Math.max(0, height(value) - row));
      // What is in a cell at all shows.
      return letters[filled === 0 ? 0 : Math.max(1, Math.round(filled * full))] ?? " ";
    });
    lines.push(cells.join("").trimEnd());
  }
  return lines;
}

/** One line of blocks, for a table or a line of changes. */
export function sparkLine(series: Series, glyphs: ChartStyle["glyphs"]): string {
  return blocks(series, { rows: 1, glyphs })[0] ?? "";
}

export function boundsOf(series: Series): { readonly min: number; readonly max: number } {
  const values = series.filter((value) => value !== undefined);
  return { min: Math.min(...values), max: Math.max(...values) };
}

/** Fewer steps than columns are drawn as they are; more are put together by their means. */
export function squeezed(series: Series, columns: number): Series {
  if (series.length <= columns) return series;
  const per = Math.ceil(series.length / columns);
  return Array.from({ length: Math.ceil(series.length / per) }, (_, at) => {
    const part = series.slice(at * per, (at + 1) * per).filter((value) => value !== undefined);
    if (part.length === 0) return undefined;
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

/** Whether the terminal's language is one that has blocks in its letters (POSIX's order). */
export function glyphsOf(env: Readonly<Record<string, string | undefined>>): ChartStyle["glyphs"] {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  const isPlain = env.TERM === "dumb" || env.TERM === "linux" || !/utf-?8/i.test(locale);
  return isPlain ? "ascii" : "blocks";
}
