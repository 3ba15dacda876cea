import { concatBytes } from "../base/bytes.ts";
import type { Stamp } from "../base/hlc.ts";
import { bytes, optional, record, text, uint } from "../base/tlv.ts";
import { compareNumbers } from "../crdt/lattice.ts";
import { compareVersioned, type Versioned } from "../crdt/versioned-register.ts";
import type { Replica } from "../replica/replica.ts";

/** Where a room lies on the floor plan, from 0 to 1 of its width and height. */
export interface PlanPlace {
  readonly x: number;
  readonly y: number;
}

export const PICTURE_TYPES = ["image/svg+xml", "image/png", "image/webp"] as const;
export type PictureType = (typeof PICTURE_TYPES)[number];

export interface PlanPicture {
  readonly type: PictureType;
  readonly bytes: Uint8Array;
}

const PLACE_PREFIX = "plan/";
const PICTURE_KEY = "plan-picture";
/** A screen has fewer dots. */
const GRAIN = 10_000;
/** A part with its frame fits an entry's value of 8 KiB. */
const PART_BYTES_MAX = 8_000;
/** As base64 in JSON it fits a request's 64 KiB. */
const PARTS_MAX = 6;
export const PICTURE_BYTES_MAX = PARTS_MAX * PART_BYTES_MAX;

const versioned = { version: uint(1), wallMs: uint(2), counter: uint(3) };
/** Absent: the room was taken off the plan. */
const placeRecord = record({ ...versioned, x: optional(uint(4)), y: optional(uint(5)) });
const pictureRecord = record({ ...versioned, type: text(4, 16), parts: uint(5) });
const partRecord = record({ version: uint(1), bytes: bytes(2, PART_BYTES_MAX) });

export function placeKey(room: string): string {
  return PLACE_PREFIX + room;
}

/** Where rooms lie; of several who placed one the last wins, by version before any clock. */
export function planPlaces(replica: Replica): ReadonlyMap<string, PlanPlace> {
  const found = new Map<string, PlanPlace>();
  for (const [room, { value }] of placesOf(replica)) {
    if (value.x === undefined || value.y === undefined) continue;
    found.set(room, { x: Math.min(1, value.x / GRAIN), y: Math.min(1, value.y / GRAIN) });
  }
  return found;
}

/** What a node writes that places a room; without a place the room is taken off. */
export function nextPlace(
  replica: Replica,
  room: string,
  stamp: Stamp,
  place: PlanPlace | undefined,
): Uint8Array {
  const version = (placesOf(replica).get(room)?.version ?? 0) + 1;
  const grains = (share: number) => Math.round(share * GRAIN);
  const at = place && { x: grains(place.x), y: grains(place.y) };
  return placeRecord.encode({ ...stamp, version, x: at?.x, y: at?.y });
}

/** The plan's picture; undefined where there is none, or not all of it has come yet. */
export function planPicture(replica: Replica): PlanPicture | undefined {
  const best = pictureOf(replica);
  if (best === undefined) return undefined;
  const { type, parts } = best.value;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < Math.min(parts, PARTS_MAX); at++) {
    const value = replica.get(best.origin, partKey(at))?.entry.value;
    const part = value && partRecord.decode(value);
    if (!part?.ok || part.value.version !== best.version) return undefined;
    pieces.push(part.value.bytes);
  }
  const known = PICTURE_TYPES.find((one) => one === type);
  return known && { type: known, bytes: concatBytes(pieces) };
}

/** What a node writes for a picture of at most PICTURE_BYTES_MAX, by key: its parts come first. */
export function nextPicture(
  replica: Replica,
  stamp: Stamp,
  { type, bytes: whole }: PlanPicture,
): readonly (readonly [string, Uint8Array])[] {
  const version = (pictureOf(replica)?.version ?? 0) + 1;
  const parts = Math.ceil(whole.length / PART_BYTES_MAX);
  const written = Array.from({ length: parts }, (_, at) => {
    const piece = whole.subarray(at * PART_BYTES_MAX, (at + 1) * PART_BYTES_MAX);
    return [partKey(at), partRecord.encode({ version, bytes: piece })] as const;
  });
  const head = pictureRecord.encode({ ...stamp, version, type, parts });
  return [...written, [PICTURE_KEY, head]];
}

function partKey(at: number): string {
  return `${PICTURE_KEY}/${at}`;
}

type Place = { readonly x: number | undefined; readonly y: number | undefined };

const laterPlace = compareVersioned<Place>(
  (left, right) =>
    compareNumbers(left.x ?? -1, right.x ?? -1) || compareNumbers(left.y ?? -1, right.y ?? -1),
);

function placesOf(replica: Replica): ReadonlyMap<string, Versioned<Place>> {
  const found = new Map<string, Versioned<Place>>();
  for (const { entry } of replica.live()) {
    if (!entry.key.startsWith(PLACE_PREFIX)) continue;
    const said = entry.value && placeRecord.decode(entry.value);
    if (!said?.ok) continue;
    const { version, wallMs, counter, x, y } = said.value;
    const room = entry.key.slice(PLACE_PREFIX.length);
    const { origin } = entry;
    const write = { version, stamp: { wallMs, counter }, origin, value: { x, y } };
    const known = found.get(room);
    if (known === undefined || laterPlace(write, known) > 0) found.set(room, write);
  }
  return found;
}

interface PictureHead {
  readonly type: string;
  readonly parts: number;
}

const laterPicture = compareVersioned<PictureHead>((left, right) =>
  compareNumbers(left.parts, right.parts),
);

function pictureOf(replica: Replica): Versioned<PictureHead> | undefined {
  let best: Versioned<PictureHead> | undefined;
  for (const { origin } of replica.origins()) {
    const value = replica.get(origin, PICTURE_KEY)?.entry.value;
    const said = value && pictureRecord.decode(value);
    if (!said?.ok) continue;
    const { version, wallMs, counter, type, parts } = said.value;
    const write = { version, stamp: { wallMs, counter }, origin, value: { type, parts } };
    if (best === undefined || laterPicture(write, best) > 0) best = write;
  }
  return best;
}
