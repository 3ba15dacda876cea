import type { NodeId } from "../base/id.ts";
import { HOUR_MS, MINUTE_MS, type Millis } from "../base/time.ts";
import type { Replica } from "../replica/replica.ts";
import { type DoorFold, doorFolds } from "./doors.ts";
import { nodeName, silentNodes } from "./nodes.ts";
import type { OccupancyView, ReadingView } from "./views.ts";

/** Who was counted in and neither moved nor left is half forgotten after this. A guess: a nap. */
const COUNTED_HALF_LIFE_MS = 4 * HOUR_MS;
/** A motion sensor may still see who has gone: most hold their output for up to a minute. */
const AFTERGLOW_MS = 2 * MINUTE_MS;
/** From here on a room is taken. */
const TAKEN_MIN = 0.5;

const NO_NODES: ReadonlySet<NodeId> = new Set();

/** What is known of who is in a room. */
export interface Evidence {
  /** How long ago something moved; undefined where nothing was seen to. */
  readonly movedMs: Millis | undefined;
  /** Counted in, where the doors are heard of. */
  readonly count: number | undefined;
  /** How long ago somebody last went through a door. */
  readonly passedMs: Millis;
}

/**
 * How likely somebody is in a room, from 0 to 1.
 *
 * Motion fades by half with each half-life; so do, more slowly, people who were counted in. Either
 * is enough. Where nobody is left by the count, motion at the time of the last passage was the one
 * who went out, and only what moves later speaks against it.
 */
export function likelihoodOf({ movedMs, count, passedMs }: Evidence, halfLifeMs: Millis): number {
  const isExplained = count === 0 && (movedMs ?? Infinity) + AFTERGLOW_MS >= passedMs;
  const moved = movedMs === undefined || isExplained ? 0 : faded(movedMs, halfLifeMs);
  const seenMs = Math.min(passedMs, movedMs ?? Infinity);
  const counted = count === undefined || count <= 0 ? 0 : faded(seenMs, COUNTED_HALF_LIFE_MS);
  return 1 - (1 - moved) * (1 - counted);
}

/** Of every room with a motion sensor or a counter: how many are in, and how likely anybody is. */
export function occupancies(
  replica: Replica,
  self: NodeId,
  readings: readonly ReadingView[],
  { halfLifeMs, nowMs }: { readonly halfLifeMs: Millis; readonly nowMs: Millis },
): ReadonlyMap<string, OccupancyView> {
  const folds = doorFolds(replica, nowMs);
  const lost = folds.size === 0 ? NO_NODES : lostNodes(replica, self, nowMs);
  const rooms = new Set([...folds.keys(), ...readings.filter(tells).map(({ room }) => room)]);
  return new Map(
    [...rooms].map((room) => {
      const told = readings.filter((one) => one.room === room && tells(one));
      return [room, occupancyOf(told, folds.get(room), lost, halfLifeMs)] as const;
    }),
  );
}

function occupancyOf(
  told: readonly ReadingView[],
  fold: DoorFold | undefined,
  lost: ReadonlySet<NodeId>,
  halfLifeMs: Millis,
): OccupancyView {
  const fresh = told.filter(({ stale }) => !stale);
  const motions = fresh.filter(({ kind }) => kind === "motion");
  // A counter that says how many are in, without doors, such as a camera.
  const [level] = fresh.filter(({ kind }) => kind === "count");
  const counted = fold === undefined ? level && Number(level.value) : fold.net;
  const count = counted === undefined ? undefined : Math.max(0, Math.round(counted));
  const isHeard = fold === undefined || fold.origins.every((id) => !lost.has(id));
  const sources = [...motions.map(({ node }) => node), ...(fold?.origins ?? [])];
  if (fold === undefined && level !== undefined) sources.push(level.node);
  const basis = { count, sources: [...new Set(sources)] };
  if (motions.length === 0 && (count === undefined || !isHeard)) return basis;
  const passedMs = fold?.quietMs ?? level?.ageMs ?? Infinity;
  const movedMs = lastMoved(motions);
  const evidence = { movedMs, passedMs, count: isHeard ? count : undefined };
  const likelihood = likelihoodOf(evidence, halfLifeMs);
  const state = likelihood >= TAKEN_MIN ? "taken" : "empty";
  return { ...basis, state, likelihood, movedMs, passedMs: finite(passedMs) };
}

/** How long ago something moved, by motion sensors of one room. */
export function lastMoved(motions: readonly ReadingView[]): Millis | undefined {
  const ages = motions.flatMap(({ value, ageMs, stillMs }) => {
    if (value === true) return [ageMs];
    return stillMs === undefined ? [] : [ageMs + stillMs];
  });
  return ages.length === 0 ? undefined : Math.min(...ages);
}

/** Silent nodes, less those whose name a living one has: a Pi that was replaced counts no more. */
export function lostNodes(replica: Replica, self: NodeId, nowMs: Millis): ReadonlySet<NodeId> {
  const silent = new Set(silentNodes(replica, self, nowMs));
  const names = [...replica.origins()]
    .filter(({ origin }) => !silent.has(origin))
    .map(({ origin }) => nodeName(replica, origin));
  const isLost = (id: NodeId) => !replica.isReplaced(id) && !names.includes(nodeName(replica, id));
  return new Set([...silent].filter(isLost));
}

function tells({ kind }: ReadingView): boolean {
  return kind === "motion" || kind === "count";
}

function faded(ageMs: Millis, halfLifeMs: Millis): number {
  return 2 ** (-ageMs / halfLifeMs);
}

function finite(spanMs: Millis): Millis | undefined {
  return Number.isFinite(spanMs) ? spanMs : undefined;
}
