import type { Series } from "./history.ts";

/** One room's line on a chart. */
export interface Line {
  readonly room: string;
  readonly series: Series;
}

type Column = (number | null)[];

/** Columns for a chart: the times, then mean, least and most of each line; null for gaps. */
export function columnsOf(lines: readonly Line[], scale: (value: number) => number): Column[] {
  const times = [...new Set(lines.flatMap(({ series }) => series.points.map(([at]) => at)))];
  times.sort((left, right) => left - right);
  const places = new Map(times.map((at, place) => [at, place]));
  const columns: Column[] = [times];
  for (const { series } of lines) {
    const three: Column[] = [1, 2, 3].map(() => new Array<number | null>(times.length).fill(null));
    for (const [at, mean, least, most] of series.points) {
      const place = places.get(at);
      if (place === undefined) continue;
      for (const [which, value] of [mean, least, most].entries()) {
        const column = three[which];
        if (column !== undefined && value !== null) column[place] = scale(value);
      }
    }
    columns.push(...three);
  }
  return columns;
}
