import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { isBooleanKind, isKind, isPlausible, unitOf } from "../reading/kind.ts";
import type { Held } from "../replica/origin-state.ts";
import type { Replica } from "../replica/replica.ts";
import { type DoorFold, doorFolds, passagesKey } from "./doors.ts";
import { nodeName, silentNodes } from "./nodes.ts";
import { parseReadingKey, readingRecord } from "./records.ts";
import type { NodeState, OccupancyView, ReadingView, RoomView, TargetView } from "./views.ts";

/** A reading older than so many of its longest silences is stale: one may come late. */
const SILENCES_UNTIL_STALE = 2;
/** What a busy node and the way here may add. A guess. */
const STALE_MARGIN_MS = 15_000;

/** The newest value of every sensor in the mesh, freshest first. */
export function readingViews(
  replica: Replica,
  self: NodeId,
  nowMs: Millis,
): readonly ReadingView[] {
  const silent = new Set(silentNodes(replica, self, nowMs));
  const names = new Map<NodeId, string>();
  const folds = doorFolds(replica, nowMs);
  const views: ReadingView[] = [];
  for (const held of replica.live()) {
    const { origin } = held.entry;
    let name = names.get(origin);
    if (name === undefined) {
      name = nodeName(replica, origin);
      names.set(origin, name);
    }
    const view = readingView(held, name, silent.has(origin) ? "silent" : "alive", nowMs);
    if (view !== undefined) views.push(counted(view, held, replica, folds));
  }
  return views.sort((left, right) => left.ageMs - right.ageMs);
}

/** Every room of which anything is known, by name. */
export function roomViews(
  readings: readonly ReadingView[],
  rooms: Iterable<string>,
  targets: readonly TargetView[] = [],
  occupancies: ReadonlyMap<string, OccupancyView> = new Map(),
): RoomView[] {
  const byRoom = new Map<string, ReadingView[]>();
  const wanted = targets.map(({ room }) => room);
  for (const room of [...rooms, ...wanted]) if (room !== "") byRoom.set(room, []);
  for (const reading of readings) {
    const known = byRoom.get(reading.room);
    if (known === undefined) byRoom.set(reading.room, [reading]);
    else known.push(reading);
  }
  return [...byRoom]
    .map(([room, all]) =>
      roomView(
        room,
        all,
        targets.filter((one) => one.room === room),
        occupancies.get(room),
      ),
    )
    .sort((left, right) => (left.room < right.room ? -1 : 1));
}

function roomView(
  room: string,
  all: readonly ReadingView[],
  targets: readonly TargetView[],
  occupancy: OccupancyView | undefined,
): RoomView {
  const freshest = new Map<string, ReadingView>();
  for (const reading of [...all].sort(realAndFreshFirst)) {
    if (!freshest.has(reading.kind)) freshest.set(reading.kind, reading);
  }
  const motions = all.filter(({ kind, stale }) => kind === "motion" && !stale);
  return {
    room,
    readings: [...freshest.values()],
    targets,
    motion: motions.length === 0 ? undefined : motions.some(({ value }) => value === true),
    count: occupancy?.count,
    ...(occupancy === undefined ? {} : { occupancy }),
  };
}

/** A door's counter tells of the whole room, whatever its other doors have seen. */
function counted(
  view: ReadingView,
  { entry: { origin, key } }: Held,
  replica: Replica,
  folds: ReadonlyMap<string, DoorFold>,
): ReadingView {
  const fold = view.kind === "count" ? folds.get(view.room) : undefined;
  const sensor = parseReadingKey(key)?.sensor ?? "";
  const isDoor = fold && replica.get(origin, passagesKey(view.room, sensor)) !== undefined;
  return isDoor ? { ...view, value: Math.max(0, fold.net) } : view;
}

function realAndFreshFirst(left: ReadingView, right: ReadingView): number {
  return (
    Number(left.stale) - Number(right.stale) ||
    Number(left.simulated) - Number(right.simulated) ||
    left.ageMs - right.ageMs
  );
}

function readingView(
  { entry, heardMs }: Held,
  name: string,
  state: NodeState,
  nowMs: Millis,
): ReadingView | undefined {
  const parsed = parseReadingKey(entry.key);
  if (parsed === undefined || !isKind(parsed.kind) || entry.value === undefined) return undefined;
  const decoded = readingRecord.decode(entry.value);
  if (!decoded.ok) return undefined;
  const { value, room, ageMs: ageThen, everyMs, simulated, restored, stillMs } = decoded.value;
  const { sensor, kind } = parsed;
  if (!isPlausible(kind, value)) return undefined;
  const ageMs = Math.max(0, nowMs - heardMs) + ageThen;
  const late = ageMs > SILENCES_UNTIL_STALE * everyMs + STALE_MARGIN_MS;
  return {
    node: entry.origin,
    sensor: `${name}/${sensor}`,
    room,
    kind,
    value: isBooleanKind(kind) ? value !== 0 : value,
    unit: unitOf(kind),
    atWallMs: Math.max(0, entry.stamp.wallMs - ageThen),
    ageMs,
    stale: late || state === "silent" || restored === 1,
    simulated: simulated === 1,
    ...(stillMs === undefined ? {} : { stillMs }),
  };
}
