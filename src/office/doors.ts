import { keyOfNodeId, type NodeId, nodeIdOfKey } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { bytes, many, nested, optional, record, text, uint } from "../base/tlv.ts";
import { addToCounter, counterValue, type PnCounter, pnCounter } from "../crdt/pn-counter.ts";
import type { Replica } from "../replica/replica.ts";

/**
 * How many are in a room, by its doors: a PN-counter with a share for each node that counts there
 * (Shapiro and others, INRIA RR-7506, 2011).
 *
 * A node writes `passages/ROOM/SENSOR`, all that ever went in and out by that sensor; both only
 * grow. `reset/ROOM` says from which totals on is counted. It names what its writer had seen of
 * each node, so whoever goes through a door that the writer had not yet heard of is counted; of
 * several resets the greater of each total stands, whatever any clock says.
 */
export interface DoorFold {
  readonly room: string;
  /** Nodes that count at a door of the room. */
  readonly origins: readonly NodeId[];
  /** All that ever went through, and from where on is counted. */
  readonly passed: PnCounter;
  readonly from: PnCounter;
  /** In less out since; below zero where somebody was missed. */
  readonly net: number;
  /** How long ago somebody last went through. */
  readonly quietMs: Millis;
}

const PASSAGES = "passages/";
const RESET = "reset/";
/** Nodes that a reset names. A guess: no room has more doors with a Pi each. */
const DOORS_MAX = 64;
const RUN_BYTES_MAX = 64;

export const passagesRecord = record({
  ins: uint(1),
  outs: uint(2),
  /** Which process counted, so that it knows its own words from those of a former life. */
  run: text(3, RUN_BYTES_MAX),
  /** How long ago the last one went through when this was written; absent: none ever did. */
  quietMs: optional(uint(4)),
});

const share = record({ origin: bytes(1, 32, 32), ins: uint(2), outs: uint(3) });
const resetRecord = record({ from: many(nested(1, share), DOORS_MAX) });

export function passagesKey(room: string, sensor: string): string {
  return `${PASSAGES}${room}/${sensor}`;
}

export function resetKey(room: string): string {
  return RESET + room;
}

/** Room and sensor of a key for passages; undefined for other keys. */
export function parsePassagesKey(key: string): { room: string; sensor: string } | undefined {
  if (!key.startsWith(PASSAGES)) return undefined;
  const slash = key.indexOf("/", PASSAGES.length);
  if (slash < 0) return undefined;
  return { room: key.slice(PASSAGES.length, slash), sensor: key.slice(slash + 1) };
}

/** The room of a reset's key; undefined for other keys. */
export function parseResetKey(key: string): string | undefined {
  return key.startsWith(RESET) ? key.slice(RESET.length) : undefined;
}

/** Whether an entry changes how many are in somewhere. */
export function isAboutDoors(key: string): boolean {
  return parsePassagesKey(key) !== undefined || parseResetKey(key) !== undefined;
}

/** How passages are said again, so long after they were said. */
export function agedPassages(value: Uint8Array, moreMs: Millis): Uint8Array {
  const said = passagesRecord.decode(value);
  if (!said.ok || said.value.quietMs === undefined) return value;
  return passagesRecord.encode({ ...said.value, quietMs: said.value.quietMs + moreMs });
}

/** The doors of every room that has one. */
export function doorFolds(replica: Replica, nowMs: Millis): ReadonlyMap<string, DoorFold> {
  const passed = new Map<string, PnCounter>();
  const quiet = new Map<string, Millis>();
  for (const { entry, heardMs } of replica.live()) {
    const at = parsePassagesKey(entry.key);
    const decoded = at && entry.value && passagesRecord.decode(entry.value);
    if (at === undefined || !decoded?.ok) continue;
    const { ins, outs, quietMs } = decoded.value;
    const more = addToCounter(
      addToCounter(passed.get(at.room) ?? pnCounter.empty, entry.origin, ins),
      entry.origin,
      -outs,
    );
    passed.set(at.room, more);
    if (quietMs === undefined) continue;
    const agoMs = Math.max(0, nowMs - heardMs) + quietMs;
    quiet.set(at.room, Math.min(agoMs, quiet.get(at.room) ?? Infinity));
  }
  return new Map(
    [...passed].map(([room, all]) => [
      room,
      doorFold(replica, room, all, quiet.get(room) ?? Infinity),
    ]),
  );
}

function doorFold(replica: Replica, room: string, passed: PnCounter, quietMs: Millis): DoorFold {
  // Only who counts there may say from where on is counted.
  const origins = [...passed.keys()];
  const from = origins.map((id) => resetOf(replica, id, room)).reduce(pnCounter.join);
  const net = counterValue(passed) - counterValue(both(from, passed));
  return { room, origins, passed, from, net, quietMs };
}

/** From where on an origin says that a room is counted. */
export function resetOf(replica: Replica, origin: NodeId, room: string): PnCounter {
  const value = replica.get(origin, resetKey(room))?.entry.value;
  const decoded = value && resetRecord.decode(value);
  if (!decoded?.ok) return pnCounter.empty;
  return new Map(
    decoded.value.from.map(({ origin: id, ins, outs }) => [
      nodeIdOfKey(id),
      { plus: ins, minus: outs },
    ]),
  );
}

export function encodeReset(from: PnCounter): Uint8Array {
  const shares = [...from].slice(0, DOORS_MAX).flatMap(([id, { plus, minus }]) => {
    const origin = keyOfNodeId(id);
    return origin === undefined ? [] : [{ origin, ins: plus, outs: minus }];
  });
  return resetRecord.encode({ from: shares });
}

/** What both hold: nobody is counted from a total that was never told. */
function both(left: PnCounter, right: PnCounter): PnCounter {
  const shared = [...left].flatMap(([id, { plus, minus }]) => {
    const other = right.get(id);
    if (other === undefined) return [];
    return [
      [id, { plus: Math.min(plus, other.plus), minus: Math.min(minus, other.minus) }],
    ] as const;
  });
  return new Map(shared);
}
