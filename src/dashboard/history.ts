import type { HistoryDocument } from "../api/types.ts";
import type { Kind, Unit } from "./format.ts";

/** A point: seconds since 1970, then mean, least and most; null where nothing is known. */
export type Point = readonly [number, number | null, number | null, number | null];

export interface Series {
  readonly unit: Unit;
  readonly stepS: number;
  readonly points: readonly Point[];
}

export interface HistoryQuery {
  readonly room: string;
  readonly kind: Kind;
  readonly spanS: number;
  readonly stepS: number;
}

/** `"none"`: this node keeps no history. */
export type HistoryAnswer = Series | "none" | "failed";

/** Asked at once: the Pi has other things to do. A guess. */
const ASKED_MAX = 2;
const NOT_FOUND = 404;

interface Waiting {
  readonly query: HistoryQuery;
  readonly done: (answer: HistoryAnswer) => void;
}

const waiting: Waiting[] = [];
let asked = 0;

/** The address that has a series, for the page or as a file. */
export function historyHref({ room, kind, spanS, stepS }: HistoryQuery): string {
  const nowMs = Date.now();
  const from = new Date(nowMs - spanS * 1_000).toISOString();
  const to = new Date(nowMs).toISOString();
  const query = new URLSearchParams({ room, kind, from, to, step: `${stepS}s` });
  return `/v1/history?${query}`;
}

/** A series from this node, when its turn has come. */
export function loadSeries(query: HistoryQuery): Promise<HistoryAnswer> {
  return new Promise((done) => {
    waiting.push({ query, done });
    next();
  });
}

function next(): void {
  if (asked >= ASKED_MAX) return;
  const one = waiting.shift();
  if (one === undefined) return;
  asked += 1;
  void answerTo(one.query).then((answer) => {
    asked -= 1;
    one.done(answer);
    next();
  });
}

async function answerTo(query: HistoryQuery): Promise<HistoryAnswer> {
  try {
    const reply = await fetch(historyHref(query));
    if (reply.status === NOT_FOUND) return "none";
    if (!reply.ok) return "failed";
    return seriesOf(await reply.json());
  } catch {
    return "failed";
  }
}

/** Points that are farther apart than so many steps have a gap between them. */
const GAP_STEPS = 1.5;

/** A node leaves out steps of which it knows nothing: they are put back, as gaps. */
function seriesOf({ unit, step_s, points }: HistoryDocument): Series {
  const found: Point[] = [];
  for (const [at, mean, least, most] of points) {
    const atS = Date.parse(at) / 1_000;
    const [beforeS = atS] = found.at(-1) ?? [];
    if (atS - beforeS > step_s * GAP_STEPS) found.push([beforeS + step_s, null, null, null]);
    found.push([atS, mean, least, most]);
  }
  return { unit, stepS: step_s, points: found };
}
