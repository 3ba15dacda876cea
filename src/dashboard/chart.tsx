import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import type { Kind } from "./format.ts";
import { roomName } from "./format.ts";
import type { Line } from "./series-lines.ts";
import { columnsOf } from "./series-lines.ts";
import { useWords, type Words } from "./words.ts";

/** Told apart by those who see no red and green (Okabe and Ito), and by their dashes. */
const STROKES = [
  { stroke: "var(--water)", dash: [] },
  { stroke: "#d55e00", dash: [8, 4] },
  { stroke: "#5b8fd9", dash: [2, 3] },
  { stroke: "#cc79a7", dash: [12, 4, 2, 4] },
] as const;

export const LINES_MAX = STROKES.length;

const HEIGHT = 340;
const BAND_ALPHA = "30";

interface Props {
  readonly kind: Kind;
  readonly lines: readonly Line[];
  readonly target: number | undefined;
  /** Start and end in seconds since 1970. */
  readonly span: readonly [number, number];
}

/** Lines over time, each in the band of its least and most. */
export function Chart({ kind, lines, target, span }: Props) {
  const words = useWords();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let plot: uPlot | undefined;
    let gone = false;
    void import("uplot").then(({ default: Plot }) => {
      if (gone) return;
      const style = getComputedStyle(element);
      const data = columnsOf(lines, (value) => words.format.scaled(kind, value));
      const aim = target === undefined ? undefined : words.format.scaled(kind, target);
      if (aim !== undefined) data.push((data[0] ?? []).map(() => aim));
      const size = { width: element.clientWidth, height: HEIGHT };
      const options = optionsOf({ kind, lines, aim, span, style, words });
      plot = new Plot({ ...options, ...size }, data as uPlot.AlignedData, element);
    });
    const watch = new ResizeObserver(() =>
      plot?.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    watch.observe(element);
    return () => {
      gone = true;
      watch.disconnect();
      plot?.destroy();
    };
  }, [kind, lines, target, span, words]);
  return <div class="chart" ref={place} />;
}

interface Drawn extends Omit<Props, "target"> {
  readonly aim: number | undefined;
  readonly style: CSSStyleDeclaration;
  readonly words: Words;
}

function optionsOf({ kind, lines, aim, span, style, words }: Drawn) {
  const ink = style.getPropertyValue("--soft");
  const rule = style.getPropertyValue("--rule");
  const colour = (text: string) =>
    text.startsWith("var") ? style.getPropertyValue("--water") : text;
  const { texts, format, settings } = words;
  const unit = format.unit(lines[0]?.series.unit ?? "1");
  const value = (_: uPlot, raw: number | null) =>
    raw === null ? "–" : `${format.number(raw, kind === "temperature" ? 1 : 0)} ${unit}`;
  const series: uPlot.Series[] = [{ label: texts.time }];
  const bands: uPlot.Band[] = [];
  for (const [at, { room }] of lines.entries()) {
    const { stroke, dash } = STROKES[at % STROKES.length] ?? STROKES[0];
    const shown = colour(stroke);
    series.push({ label: roomName(room), stroke: shown, width: 2, dash: [...dash], value });
    series.push({ label: texts.least, width: 0, points: { show: false }, value });
    series.push({ label: texts.most, width: 0, points: { show: false }, value });
    const first = 1 + at * 3;
    bands.push({ series: [first + 2, first + 1], fill: `${shown.trim()}${BAND_ALPHA}` });
  }
  if (aim !== undefined) {
    series.push({ label: texts.target, stroke: ink, width: 1.5, dash: [4, 5], value });
  }
  const axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule } };
  const clock = new Intl.DateTimeFormat(settings.language, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const date = new Intl.DateTimeFormat(settings.language, { day: "numeric", month: "short" });
  const isLong = span[1] - span[0] > 2 * 86_400;
  const named = (_: uPlot, at: number[]) =>
    at.map((second) => (isLong ? date : clock).format(second * 1_000));
  return {
    series,
    bands,
    axes: [
      { ...axis, values: named },
      { ...axis, size: 56 },
    ],
    scales: { x: { time: true, min: span[0], max: span[1] } },
    cursor: { y: false },
    legend: { live: true },
  } satisfies Omit<uPlot.Options, "width" | "height">;
}
