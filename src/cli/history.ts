import { parseDuration } from "../config/duration.ts";
import { type Asking, clientOf } from "./asking.ts";
import { blocks, boundsOf, type ChartStyle, glyphsOf, type Series, squeezed } from "./chart.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { type HistoryDocument, historyDocument } from "./documents.ts";
import { plain, quantity } from "./words.ts";

export interface Remembering extends Asking {
  readonly since: string;
  readonly step?: string;
  readonly csv?: true;
}

/** Where nobody looks, as in a file or a pipe, lines are as long as on a usual terminal. */
const COLUMNS_DEFAULT = 80;
const COLUMNS_MIN = 20;
const ROWS = 8;
const SECOND_MS = 1_000;

/** What was measured in a room, drawn. */
export async function history(
  deps: CliDeps,
  { room, kind }: { readonly room: string; readonly kind: string },
  options: Remembering,
): Promise<void> {
  if (options.csv && options.json) throw new CliError(EXIT.usage, "use --csv or --json, not both");
  const client = clientOf(deps, options);
  const path = pathOf(room, kind, options);
  if (options.csv) return deps.stdout(await client.text(path, "text/csv"));
  if (options.json) return printJson(deps, await client.raw(path));
  deps.stdout(drawing(await client.get(path, historyDocument), deps));
}

/** Back from now by the node's clock, which may be another than ours. */
function pathOf(room: string, kind: string, { since, step }: Remembering): string {
  const from = `-${wholeSeconds("--since", since, "6h, 24h or 7d")}s`;
  const query = new URLSearchParams({ room, kind, from });
  if (step !== undefined) query.set("step", wholeSeconds("--step", step, "30s, 5min or 1h"));
  return `/v1/history?${query}`;
}

function wholeSeconds(option: string, text: string, such: string): string {
  const seconds = Math.round((parseDuration(text) ?? 0) / SECOND_MS);
  if (seconds >= 1) return String(seconds);
  throw new CliError(EXIT.usage, `${option} takes a span such as ${such}, not "${text}"`);
}

function drawing(document: HistoryDocument, { isTty, columns, env }: CliDeps): string {
  const { room, kind, points } = document;
  const say = (value: number) => measured(value, document.unit);
  const title = `${plain(room)}  ${plain(kind)}`;
  const steps = stepsOf(document);
  if (points.length === 0) {
    return `${title}\nNo reading ${span(document)}.\n`;
  }
  const width = Math.max(COLUMNS_MIN, isTty && columns > 0 ? columns : COLUMNS_DEFAULT);
  const all = points.flatMap(([, , min, max]) => [min, max]);
  const [least, greatest] = [Math.min(...all), Math.max(...all)];
  const drawn = boundsOf(steps);
  const marks = [say(drawn.max), say(drawn.min)];
  const margin = Math.max(...marks.map((mark) => mark.length)) + 1;
  const style: ChartStyle = { columns: width - margin, rows: ROWS, glyphs: glyphsOf(env) };
  const squeezedSteps = squeezed(steps, style.columns);
  // A line that is flat lies in the middle.
  const beside =
    drawn.min === drawn.max
      ? new Map([[ROWS / 2, marks[0]]])
      : new Map(marks.map((mark, at) => [at * (ROWS - 1), mark]));
  const lines = blocks(squeezedSteps, style).map((line, row) => {
    return `${(beside.get(row) ?? "").padStart(margin - 1)} ${line}`.trimEnd();
  });
  const last = points.at(-1);
  const now = last === undefined ? "" : say(last[1]);
  const heading = `${title}  ${now}  (${say(least)} to ${say(greatest)})`;
  return `${[heading, ...lines, axis(document, margin, squeezedSteps.length)].join("\n")}\n`;
}

/** What is yes or no is drawn as how much of it was yes. */
function measured(value: number, unit: string): string {
  return unit === "boolean" ? quantity(100 * value, "percent") : quantity(value, unit);
}

/** The means, gaps included. */
function stepsOf({ from, to, step_s, points }: HistoryDocument): Series {
  const stepMs = step_s * SECOND_MS;
  const startMs = Date.parse(from);
  const count = Math.max(1, Math.ceil((Date.parse(to) - startMs) / stepMs));
  const steps: (number | undefined)[] = Array.from({ length: Math.min(count, STEPS_MAX) });
  for (const [at, mean] of points) {
    const place = Math.round((Date.parse(at) - startMs) / stepMs);
    if (place >= 0 && place < steps.length) steps[place] = mean;
  }
  return steps;
}

/** More than any node answers with. */
const STEPS_MAX = 10_000;

/** The first and the last moment under the chart, in the terminal's own time. */
function axis({ from, to }: HistoryDocument, margin: number, columns: number): string {
  const spanMs = Date.parse(to) - Date.parse(from);
  const [start, end] = [from, to].map((at) => moment(new Date(at), spanMs));
  const room = columns - (start?.length ?? 0) - (end?.length ?? 0);
  const line = room > 0 ? `${start}${" ".repeat(room)}${end}` : (start ?? "");
  return " ".repeat(margin) + line;
}

const DAY_MS = 86_400_000;

function moment(at: Date, spanMs: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (spanMs <= DAY_MS) return time;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return spanMs > 7 * DAY_MS ? day : `${day.slice(5)} ${time}`;
}

function span({ from, to }: HistoryDocument): string {
  return `from ${from} to ${to}`;
}
