import { err, ok, type Result } from "../base/result.ts";
import { HOUR_MS, MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";
import type {
  HistoryAsk,
  HistorySide,
  HistoryView,
  ReadSide,
  SegmentView,
} from "../node/read-side.ts";
import { isKind, KIND_NAMES, type Kind, unitOf } from "../reading/kind.ts";
import { type Answer, json } from "./answer.ts";
import { instant } from "./documents.ts";
import { parseInstant } from "./instant.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";
import type { HistoryDocument, SegmentDocument } from "./types.ts";

const DAY_MS = 24 * HOUR_MS;
/** How far back a chart goes where nobody says. */
const SPAN_MS = DAY_MS;
/** Points of one answer; wider than any screen. */
const POINTS_MAX = 2_000;
/** Points of a chart whose step nobody says: a point each few pixels of a phone. A guess. */
const POINTS_WANTED = 300;
/** Steps that people can read off an axis. */
const STEPS_MS: readonly Millis[] = [
  ...[1, 5, 10, 30].map((count) => count * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR_MS),
  ...[1, 7].map((count) => count * DAY_MS),
];
const UNITS_MS: Readonly<Record<string, Millis>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  min: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
};
const PARAMETERS = ["room", "kind", "from", "to", "step"] as const;

type Parameter = (typeof PARAMETERS)[number];
type Given = Readonly<Partial<Record<Parameter, string>>>;

/** What was measured in a room, as a series. */
export function historyRoutes(readSide: ReadSide, wallMs: () => Millis): readonly Route[] {
  const { history } = readSide;
  if (history === undefined) return [];
  return [
    {
      method: "GET",
      path: "/v1/history",
      access: "open",
      summary: "One kind of readings of a room over time; as CSV with Accept: text/csv",
      query: {
        room: "The room.",
        kind: `What was measured: ${KIND_NAMES.join(", ")}.`,
        from: "RFC 3339, or back from `to`, such as -6h; a day back where it is left out.",
        to: "RFC 3339; now where it is left out.",
        step: "Seconds, or such as 30s, 5m, 1h; fitting the span where it is left out.",
      },
      answers: {
        200: { says: "The steps in which there is anything to show.", schema: "History" },
        400: { says: "A parameter that can't be; `detail` says which.", schema: "Problem" },
        404: { says: "No such room; `detail` names those there are.", schema: "Problem" },
      },
      handle: (asked) => series(readSide, history, asked, wallMs()),
    },
    {
      method: "GET",
      path: "/v1/history/segments",
      access: "open",
      summary: "What a chart is drawn from here, by its hashes: equal ones are equal readings",
      query: { room: "The room.", kind: `What was measured: ${KIND_NAMES.join(", ")}.` },
      answers: {
        200: { says: "The parts, oldest first.", schema: "[Segment]" },
        400: { says: "A parameter that can't be; `detail` says which.", schema: "Problem" },
      },
      handle: ({ query }) => {
        const of = placeOf(query);
        if (!of.ok) return problem(400, of.error);
        return json(history.segments(of.value.room, of.value.kind).map(segmentDocument));
      },
    },
  ];
}

async function series(
  readSide: ReadSide,
  history: HistorySide,
  { query, incoming }: Asked,
  nowMs: Millis,
): Promise<Answer> {
  const ask = askOf(query, nowMs);
  if (!ask.ok) return problem(400, ask.error);
  const view = await history.chart(ask.value);
  if (view.points.length === 0) {
    const rooms = readSide.rooms().map(({ room }) => room);
    if (!rooms.includes(view.room)) {
      return problem(404, `no such room; known are: ${rooms.join(", ") || "none yet"}`);
    }
  }
  return wantsCsv(incoming.headers.accept) ? csv(view) : json(historyDocument(view));
}

function askOf(query: URLSearchParams, nowMs: Millis): Result<HistoryAsk> {
  const place = placeOf(query);
  if (!place.ok) return place;
  const { room, kind, from, to, step } = place.value;
  const toMs = instantOf(to) ?? nowMs;
  const backMs = from?.startsWith("-") ? spanOf(from.slice(1)) : undefined;
  const fromMs = backMs === undefined ? (instantOf(from) ?? toMs - SPAN_MS) : toMs - backMs;
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) {
    return err("from and to are RFC 3339, such as 2026-11-21T08:00:00Z; from may also be -24h");
  }
  const spanMs = toMs - fromMs;
  if (spanMs <= 0) return err("from has to be before to");
  const stepMs = step === undefined ? fitting(spanMs) : spanOf(step);
  if (stepMs === undefined) return err("step is a whole number of seconds, or such as 30s, 5m, 1h");
  if (spanMs / stepMs > POINTS_MAX) {
    return err(`that are over ${POINTS_MAX} steps: a longer step, or a shorter span`);
  }
  // Steps of all nodes begin at the same moments, so that their charts can be compared.
  return ok({ room, kind, fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs, stepMs });
}

/** The parameters, of which these two are needed. */
function placeOf(query: URLSearchParams): Result<Given & { room: string; kind: Kind }> {
  const given = givenOf(query);
  if (!given.ok) return given;
  const { room, kind } = given.value;
  if (room === undefined) return err("say which room: room=meeting-room");
  if (kind === undefined || !isKind(kind)) {
    return err(`say which kind; there are: ${KIND_NAMES.join(", ")}`);
  }
  return ok({ ...given.value, room, kind });
}

function givenOf(query: URLSearchParams): Result<Given> {
  const given: Partial<Record<Parameter, string>> = {};
  for (const key of new Set(query.keys())) {
    const name = PARAMETERS.find((parameter) => parameter === key);
    if (name === undefined) return err(`unknown parameter; there are: ${PARAMETERS.join(", ")}`);
    if (query.getAll(key).length > 1) return err(`give ${key} once`);
    const text = query.get(key) ?? "";
    if (text !== "") given[name] = text;
  }
  return ok(given);
}

/** NaN where it is none. */
function instantOf(text: string | undefined): Millis | undefined {
  return text === undefined ? undefined : (parseInstant(text) ?? Number.NaN);
}

/** Whole seconds where no unit is said. */
function spanOf(text: string): Millis | undefined {
  const match = /^(\d{1,10})(s|m|min|h|d)?$/.exec(text);
  const spanMs = Number(match?.[1]) * (UNITS_MS[match?.[2] ?? "s"] ?? Number.NaN);
  return spanMs >= SECOND_MS ? spanMs : undefined;
}

function fitting(spanMs: Millis): Millis {
  const step = STEPS_MS.find((stepMs) => spanMs / stepMs <= POINTS_WANTED);
  // Beyond the last: whole days.
  return step ?? Math.ceil(spanMs / POINTS_WANTED / DAY_MS) * DAY_MS;
}

function historyDocument({ room, kind, fromMs, toMs, stepMs, points }: HistoryView) {
  const document: HistoryDocument = {
    room,
    kind,
    unit: unitOf(kind),
    from: instant(fromMs),
    to: instant(toMs),
    step_s: stepMs / SECOND_MS,
    points: points.map(({ atMs, mean, min, max }) => [instant(atMs), tidy(mean), min, max]),
  };
  return document;
}

function segmentDocument({ node, sensor, tier, ...view }: SegmentView): SegmentDocument {
  const start = instant(view.startMs);
  return { node, sensor, tier, start, sha256: view.sha256, sealed: view.isSealed };
}

/** Digits beyond what a sensor resolves say nothing. */
function tidy(mean: number): number {
  return Number(mean.toFixed(4));
}

function wantsCsv(accept: string | undefined): boolean {
  return /(^|,)\s*text\/csv\b/.test(accept ?? "");
}

/** RFC 4180, with the unit in the heading; a room is a slug and needs no quotes. */
function csv({ kind, room, points }: HistoryView): Answer {
  const unit = unitOf(kind);
  const names = ["mean", "min", "max"].map((name) => `${name} (${unit})`);
  const rows = points.map(({ atMs, mean, min, max }) => [instant(atMs), tidy(mean), min, max]);
  const name = `${room}-${kind}`.replace(/[^\w.-]/g, "_");
  return {
    status: 200,
    headers: {
      "Content-Type": "text/csv; charset=utf-8; header=present",
      "Content-Disposition": `attachment; filename="${name}.csv"`,
      "Cache-Control": "no-store",
    },
    body: [["time", ...names], ...rows].map((row) => `${row.join(",")}\r\n`).join(""),
  };
}
