import { equalBytes } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import { BIRTH_KEY } from "./birth.ts";
import { compareDots, type Dot, type Entry, NO_DOT } from "./entry.ts";
import type { OriginState } from "./origin-state.ts";
import type { Replica } from "./replica.ts";

/** How much of an origin's digest goes into a version vector, bytes. Enough to see a difference. */
export const ROW_DIGEST_BYTES = 8;

/** One origin's row of a version vector. */
export interface VectorRow {
  readonly origin: NodeId;
  /** Nothing up to here is missing. */
  readonly position: Dot;
  /** How far the next life has come, while it is not whole. */
  readonly pending: Dot;
  /** Start of the origin's digest, so that equal positions with other contents are noticed. */
  readonly digest: Uint8Array;
}

export type Vector = ReadonlyMap<NodeId, VectorRow>;

/** Entries of one origin, and the range that they make whole: after `from`, up to `to`. */
export interface Delta {
  readonly origin: NodeId;
  readonly from: Dot;
  readonly to: Dot;
  readonly entries: readonly Entry[];
  /** True where there was more than fitted. */
  readonly cut: boolean;
}

/** What is known here, one row an origin (Scuttlebutt's digest: van Renesse and others, 2008). */
export function vectorOf(replica: Replica): Vector {
  const rows = new Map<NodeId, VectorRow>();
  for (const state of replica.origins()) rows.set(state.origin, rowOf(replica, state));
  return rows;
}

/**
 * What a peer with this vector lacks, oldest first, at most about `bytesMax` of entries.
 * A part that was cut short claims only what it brings, so the peer can ask again from there.
 */
export function deltasFor(
  replica: Replica,
  theirs: Vector,
  bytesMax: number,
): { readonly deltas: readonly Delta[]; readonly rest: "more" | "none" } {
  const deltas: Delta[] = [];
  let left = bytesMax;
  // The shortest first, so that nobody's few entries wait behind an origin that writes too much.
  const states = [...replica.origins()].sort((one, other) => one.rows.size - other.rows.size);
  const isDoubtful = (state: OriginState) => {
    const row = theirs.get(state.origin);
    return row !== undefined && isSamePlaceOtherContent(replica, state, row);
  };
  for (const state of states.filter((one) => !isDoubtful(one))) {
    if (left <= 0) return { deltas, rest: "more" };
    const delta = deltaOf(state, theirs.get(state.origin), left);
    if (delta === undefined) continue;
    deltas.push(delta);
    for (const entry of delta.entries) left -= sizeOf(entry);
    if (delta.cut) return { deltas, rest: "more" };
  }
  // What is compared whole comes last: it may be for nothing, again and again, and what moves the
  // peer's position would wait for ever.
  for (const state of states.filter(isDoubtful)) {
    if (left <= 0) return { deltas, rest: "more" };
    const all = [...state.rows.values()].map(({ entry }) => entry);
    deltas.push(...wholeOrigin(state.origin, all, bytesMax));
    for (const entry of all) left -= sizeOf(entry);
  }
  return { deltas, rest: "none" };
}

/** Whether a peer with this vector has something that is not here. */
export function lacksFrom(replica: Replica, theirs: Vector): boolean {
  for (const row of theirs.values()) {
    if (replica.isRetired(row.origin)) continue;
    const state = replica.state(row.origin);
    if (state === undefined) return true;
    const order = compareDots(row.position, state.position());
    if (order > 0 || (order === 0 && differs(replica, row))) return true;
    if (compareDots(row.pending, state.pending() ?? state.position()) > 0) return true;
  }
  return false;
}

function rowOf(replica: Replica, state: OriginState): VectorRow {
  return {
    origin: state.origin,
    position: state.position(),
    pending: state.pending() ?? NO_DOT,
    digest: replica.originDigest(state.origin).subarray(0, ROW_DIGEST_BYTES),
  };
}

function differs(replica: Replica, row: VectorRow): boolean {
  const ours = replica.originDigest(row.origin).subarray(0, ROW_DIGEST_BYTES);
  return !equalBytes(ours, row.digest);
}

/** One of us was told wrong: then everything is compared. */
function isSamePlaceOtherContent(replica: Replica, state: OriginState, row: VectorRow): boolean {
  return compareDots(state.position(), row.position) === 0 && differs(replica, row);
}

/**
 * All rows of an origin, in pieces that claim nothing. It is never cut short: the receiver's
 * position would not move, and it would be sent the same first piece for ever.
 */
function wholeOrigin(
  origin: NodeId,
  entries: readonly Entry[],
  bytesMax: number,
): readonly Delta[] {
  const deltas: Delta[] = [];
  let piece: Entry[] = [];
  let used = 0;
  for (const entry of [...entries].sort(byBirthThenDot)) {
    if (piece.length > 0 && used + sizeOf(entry) > bytesMax) {
      deltas.push({ origin, from: NO_DOT, to: NO_DOT, entries: piece, cut: false });
      piece = [];
      used = 0;
    }
    piece.push(entry);
    used += sizeOf(entry);
  }
  return [...deltas, { origin, from: NO_DOT, to: NO_DOT, entries: piece, cut: false }];
}

function deltaOf(
  state: OriginState,
  row: VectorRow | undefined,
  bytesMax: number,
): Delta | undefined {
  const position = state.position();
  const order = row === undefined ? 1 : compareDots(position, row.position);
  if (order < 0 || (order === 0 && !hasBeyond(state, position))) return undefined;
  const from = row === undefined ? NO_DOT : row.position;
  const lacking = [...state.rows.values()]
    .map(({ entry }) => entry)
    .filter(({ dot }) => compareDots(dot, from) > 0 && !(row && isPending(dot, row)))
    .sort(byBirthThenDot);
  return cut(state.origin, from, position, lacking, bytesMax);
}

function cut(
  origin: NodeId,
  from: Dot,
  position: Dot,
  lacking: readonly Entry[],
  bytesMax: number,
): Delta | undefined {
  const entries: Entry[] = [];
  let used = 0;
  for (const entry of lacking) {
    if (entries.length > 0 && used + sizeOf(entry) > bytesMax) {
      const last = entries.at(-1);
      // The birth goes first whatever its place, so alone it claims nothing.
      const claims = last !== undefined && last.key !== BIRTH_KEY;
      const to = claims && compareDots(last.dot, position) < 0 ? last.dot : from;
      return { origin, from, to, entries, cut: true };
    }
    entries.push(entry);
    used += sizeOf(entry);
  }
  if (entries.length === 0 && compareDots(position, from) <= 0) return undefined;
  return { origin, from, to: position, entries, cut: false };
}

function hasBeyond(state: OriginState, position: Dot): boolean {
  for (const { entry } of state.rows.values()) {
    if (compareDots(entry.dot, position) > 0) return true;
  }
  return false;
}

function isPending(dot: Dot, row: VectorRow): boolean {
  return dot.incarnation === row.pending.incarnation && dot.seq <= row.pending.seq;
}

function byBirthThenDot(left: Entry, right: Entry): number {
  const births = Number(right.key === BIRTH_KEY) - Number(left.key === BIRTH_KEY);
  return births || compareDots(left.dot, right.dot);
}

function sizeOf(entry: Entry): number {
  return entry.body.length + entry.signature.length;
}
