import { useEffect, useRef, useState } from "preact/hooks";
import { loadSeries, type Point, type Series } from "./history.ts";
import { useWords } from "./words.ts";

const DAY_S = 86_400;
const STEP_S = 1_200;
/** A line of a day moves by one point in this time. */
const FRESH_MS = STEP_S * 1_000;
/** Series kept; the longest unused goes first. A day of one room is some 3 kB. */
const KEPT_MAX = 250;
/** The drawing's own units. */
const WIDTH = 240;
const HEIGHT = 44;
/** A calm day is drawn calm: the height stands for so many degrees at least. */
const RANGE_MIN = 2;

interface Kept {
  readonly series: Series;
  readonly cameMs: number;
}

const kept = new Map<string, Kept>();

interface Props {
  readonly room: string;
  readonly target: number | undefined;
}

/** The last 24 hours of a room's temperature, asked for when the room comes into view. */
export function Spark({ room, target }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [series, setSeries] = useState(kept.get(room)?.series);
  const { texts, format } = useWords();
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      if (performance.now() - (kept.get(room)?.cameMs ?? Number.NEGATIVE_INFINITY) < FRESH_MS) {
        return;
      }
      void loadSeries({ room, kind: "temperature", spanS: DAY_S, stepS: STEP_S }).then((answer) => {
        if (typeof answer === "string") return;
        keep(room, answer);
        setSeries(answer);
      });
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, [room]);
  const values = known(series?.points ?? []);
  const least = Math.min(...values);
  const most = Math.max(...values);
  const shown = (value: number) => format.value("temperature", value);
  return (
    <div class="spark" ref={place}>
      {series !== undefined && values.length > 1 && (
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={texts.dayRange(`${shown(least)}°`, `${shown(most)}°`)}
        >
          <Lines points={series.points} target={target} />
        </svg>
      )}
    </div>
  );
}

function Lines({ points, target }: { points: readonly Point[]; target: number | undefined }) {
  const lows = points.map(([, mean, least]) => least ?? mean).filter((one) => one !== null);
  const highs = points.map(([, mean, , most]) => most ?? mean).filter((one) => one !== null);
  const ends = target === undefined ? [] : [target];
  const low = Math.min(...lows, ...ends);
  const high = Math.max(...highs, ...ends);
  const middle = (low + high) / 2;
  const range = Math.max(RANGE_MIN, high - low);
  const endS = Math.max(...points.map(([at]) => at));
  const x = (at: number) => ((at - endS + DAY_S) / DAY_S) * WIDTH;
  const y = (value: number) => HEIGHT / 2 - ((value - middle) / range) * (HEIGHT - 6);
  return (
    <>
      {runs(points).map((run) => {
        const up = run.map(
          ([at, mean, , most]) => `${place(x(at))} ${place(y(most ?? mean ?? 0))}`,
        );
        const down = run.map(
          ([at, mean, least]) => `${place(x(at))} ${place(y(least ?? mean ?? 0))}`,
        );
        const line = run.map(([at, mean]) => `${place(x(at))} ${place(y(mean ?? 0))}`);
        return (
          <g key={run[0]?.[0]}>
            <path class="band" d={`M${[...up, ...down.reverse()].join("L")}Z`} />
            <path class="line" d={`M${line.join("L")}`} />
          </g>
        );
      })}
      {target !== undefined && (
        <path class="aim" d={`M0 ${place(y(target))}H${WIDTH}`} stroke-dasharray="4 5" />
      )}
    </>
  );
}

/** Points between two gaps; a gap is drawn as one. */
function runs(points: readonly Point[]): readonly (readonly Point[])[] {
  const found: Point[][] = [[]];
  for (const point of points) {
    if (point[1] === null) found.push([]);
    else found.at(-1)?.push(point);
  }
  return found.filter((run) => run.length > 0);
}

function known(points: readonly Point[]): readonly number[] {
  return points.map(([, mean]) => mean).filter((mean) => mean !== null);
}

function place(number: number): string {
  return number.toFixed(1);
}

function keep(room: string, series: Series): void {
  kept.delete(room);
  kept.set(room, { series, cameMs: performance.now() });
  const [oldest] = kept.keys();
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
}
