import { toHex, utf8 } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import { HOUR_MS, type Millis } from "../base/time.ts";
import { type Hash, rendezvous } from "./rendezvous.ts";

export type { Hash };

/** Something to be said once for the whole mesh. */
export interface Announcement {
  readonly room: string;
  readonly text: string;
}

/** That an announcement was made, as its maker wrote it. */
export interface Told {
  readonly id: string;
  readonly by: NodeId;
  readonly ageMs: Millis;
}

export interface Announcing {
  readonly self: NodeId;
  /** All nodes that are alive as far as this one knows, itself among them. */
  readonly living: readonly NodeId[];
  readonly advised: readonly Announcement[];
  readonly told: readonly Told[];
}

export interface Announced {
  readonly say: readonly (Announcement & { readonly id: string })[];
  /** Made by this node and over: to be taken back, so that it may be made again. */
  readonly takeBack: readonly string[];
}

/** A dead node takes nothing back: what it made stands in the way no longer than this. A guess. */
const DEAD_TOLD_MS_MAX = 12 * HOUR_MS;

/**
 * What this node has to announce now. A node says something only for the rooms that fall to it,
 * and only what nobody has said; so where the announcer dies before it has told, the next one
 * says it late, and where it dies after, nobody says it again while it lasts.
 */
export function announcements(announcing: Announcing, hash: Hash): Announced {
  const { self, living, advised, told } = announcing;
  const current = new Map(advised.map((one) => [announcementId(one, hash), one]));
  const standing = told.filter(({ by, ageMs }) => living.includes(by) || ageMs < DEAD_TOLD_MS_MAX);
  const known = new Set(standing.map(({ id }) => id));
  const say = [...current]
    .filter(([id, { room }]) => !known.has(id) && announcerOf(room, living, hash) === self)
    .map(([id, one]) => ({ ...one, id }));
  const over = told.filter(({ id, by }) => by === self && !current.has(id));
  return { say, takeBack: over.map(({ id }) => id) };
}

/** Which of the living speaks for a room. */
export function announcerOf(
  room: string,
  living: readonly NodeId[],
  hash: Hash,
): NodeId | undefined {
  return rendezvous(room, living, hash)[0];
}

/** The same for the same words on any node. */
export function announcementId({ room, text }: Announcement, hash: Hash): string {
  return toHex(hash(utf8(`${room} ${text}`)));
}
