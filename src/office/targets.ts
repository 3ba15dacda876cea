import type { Stamp } from "../base/hlc.ts";
import { keyOfNodeId, type NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { bytes, many, nested, optional, real, record, uint } from "../base/tlv.ts";
import { compareNumbers } from "../crdt/lattice.ts";
import { compareVersioned, type Versioned } from "../crdt/versioned-register.ts";
import { isBooleanKind, isKind, isPlausible, type Kind, unitOf } from "../reading/kind.ts";
import type { Replica } from "../replica/replica.ts";
import { nodeName } from "./nodes.ts";
import type { TargetView } from "./views.ts";

const PREFIX = "target/";
/** Writes of others that a write names, the newest; older ones go by their version. A guess. */
const SEEN_COUNT_MAX = 64;

/**
 * What one origin last set. It names the writes that it replaces, so that after a cut it shows
 * which were made at once, however often each side wrote. The stamp is kept apart from the
 * entry's own, which changes with every life.
 */
const targetRecord = record({
  /** Absent: the target was cleared. */
  value: optional(real(1)),
  version: uint(2),
  wallMs: uint(3),
  counter: uint(4),
  seen: many(nested(5, record({ origin: bytes(1, 32, 32), version: uint(2) })), SEEN_COUNT_MAX),
  /** All versions up to this one are replaced too. */
  below: uint(6),
});

type TargetRecord = Parameters<typeof targetRecord.encode>[0];

type SeenWrite = TargetRecord["seen"][number];

/** One origin's write of a target. */
interface TargetWrite extends Versioned<number | undefined> {
  readonly named: readonly SeenWrite[];
  readonly seen: ReadonlyMap<string, number>;
  readonly below: number;
}

const strength = compareVersioned<number | undefined>((left = -Infinity, right = -Infinity) =>
  compareNumbers(left, right),
);

export function targetKey(room: string, kind: Kind): string {
  return `${PREFIX}${room}/${kind}`;
}

/** Room and kind of a target's key; undefined for other keys. */
export function parseTargetKey(key: string): { room: string; kind: Kind } | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const slash = key.lastIndexOf("/");
  const kind = key.slice(slash + 1);
  return isKind(kind) ? { room: key.slice(PREFIX.length, slash), kind } : undefined;
}

/** Every target that is set, in the order of rooms and kinds. */
export function targetViews(replica: Replica): readonly TargetView[] {
  const keys = new Set<string>();
  for (const { entry } of replica.live()) if (entry.key.startsWith(PREFIX)) keys.add(entry.key);
  return [...keys]
    .sort()
    .map((key) => parseTargetKey(key))
    .map((at) => at && targetView(replica, at.room, at.kind))
    .filter((view) => view !== undefined);
}

/**
 * One target; undefined where none is set.
 *
 * Of writes made at once the one over the longest history wins, then the later by the hybrid
 * clock, then the origin; a value wins over a clearing, so that nobody's wish is lost unseen.
 */
export function targetView(replica: Replica, room: string, kind: Kind): TargetView | undefined {
  const rivals = standing(writesOf(replica, room, kind));
  const [winner, ...others] = rivals.sort(
    (left, right) =>
      Number(left.value === undefined) - Number(right.value === undefined) || strength(right, left),
  );
  if (winner?.value === undefined) return undefined;
  const told = ({ value, origin, stamp }: TargetWrite) => ({
    value: value !== undefined && isBooleanKind(kind) ? value !== 0 : value,
    by: nodeName(replica, origin),
    atWallMs: stamp.wallMs,
  });
  const value = isBooleanKind(kind) ? winner.value !== 0 : winner.value;
  const concurrent = others.map(told);
  return { room, kind, unit: unitOf(kind), ...told(winner), value, concurrent };
}

/** What one origin set that nobody has replaced, with when by its own clock. */
export function standingTarget(
  replica: Replica,
  origin: NodeId,
  room: string,
  kind: Kind,
): { readonly value: number; readonly wallMs: Millis } | undefined {
  const all = standing(writesOf(replica, room, kind));
  const write = all.find((one) => one.origin === origin);
  return write?.value === undefined
    ? undefined
    : { value: write.value, wallMs: write.stamp.wallMs };
}

/** What a node writes that has seen all that the replica holds; no value clears the target. */
export function nextTarget(
  replica: Replica,
  room: string,
  kind: Kind,
  stamp: Stamp,
  value: number | undefined,
): Uint8Array {
  const writes = writesOf(replica, room, kind);
  const known = seenBy(writes);
  return targetRecord.encode({
    value,
    version: (known[0]?.version ?? 0) + 1,
    wallMs: stamp.wallMs,
    counter: stamp.counter,
    seen: known.slice(0, SEEN_COUNT_MAX),
    below: Math.max(known[SEEN_COUNT_MAX]?.version ?? 0, ...writes.map(({ below }) => below)),
  });
}

/**
 * Writes, and what these had seen, the newest first. A node that was killed may lack a write of
 * another that its own had replaced, and must not let go of that.
 */
function seenBy(writes: readonly TargetWrite[]): readonly SeenWrite[] {
  const newest = new Map<string, SeenWrite>();
  const note = (one: SeenWrite) => {
    const name = String(one.origin);
    if (one.version > (newest.get(name)?.version ?? 0)) newest.set(name, one);
  };
  for (const { origin, version, named } of writes) {
    const key = keyOfNodeId(origin);
    if (key !== undefined) note({ origin: key, version });
    named.forEach(note);
  }
  return [...newest.values()].sort((left, right) => right.version - left.version);
}

function writesOf(replica: Replica, room: string, kind: Kind): readonly TargetWrite[] {
  const key = targetKey(room, kind);
  return [...replica.origins()].flatMap(({ origin }) => {
    const value = replica.get(origin, key)?.entry.value;
    const decoded = value && targetRecord.decode(value);
    if (!decoded?.ok) return [];
    const said = decoded.value;
    if (said.value !== undefined && !isPlausible(kind, said.value)) return [];
    return [writeOf(origin, said)];
  });
}

function writeOf(origin: NodeId, said: TargetRecord): TargetWrite {
  const { value, version, wallMs, counter, seen: named, below } = said;
  const seen = new Map(named.map((one) => [String(one.origin), one.version]));
  return { origin, value, version, stamp: { wallMs, counter }, named, seen, below };
}

/** The writes that no other one had seen. */
function standing(all: readonly TargetWrite[]): TargetWrite[] {
  const isReplaced = (write: TargetWrite) => {
    const key = String(keyOfNodeId(write.origin));
    return all.some(
      (other) =>
        other.origin !== write.origin &&
        Math.max(other.seen.get(key) ?? 0, other.below) >= write.version,
    );
  };
  return all.filter((write) => !isReplaced(write));
}
