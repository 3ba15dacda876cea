import { toHex, utf8 } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import { HOUR_MS, type Millis } from "../base/time.ts";

import type { Kind } from "../reading/kind.ts";
import { type Hash, rendezvous } from "./rendezvous.ts";

/** What a rule says of a room, as far as it is known. */
export interface Advised {
  readonly room: string;
  readonly kind: Kind;
  readonly text: string;
  /** "quiet": it holds, and its hours are not those to say it. "over": the value came back. */
  readonly state: "said" | "quiet" | "over";
}

/** Where announcements go: nodes that have the same effect configured share its identity. */
export interface Sink {
  readonly effect: string;
  /** Nodes that can reach it. */
  readonly able: readonly NodeId[];
}

/** What one node says about an announcement. */
export interface Told {
  readonly id: string;
  readonly by: NodeId;
  readonly ageMs: Millis;
  /** 1 for the first time that the advice held, and so on. */
  readonly episode: number;
  /** "standing": it was made. "over": what it said holds no more, so it may be made again. */
  readonly state: "standing" | "over";
}

export interface Announcing {
  readonly self: NodeId;
  /** All nodes that are alive as far as this one knows, itself among them. */
  readonly living: readonly NodeId[];
  readonly sink: Sink;
  /** Left out is what nobody knows: a room that nothing was heard of lately. */
  readonly advised: readonly Advised[];
  readonly told: readonly Told[];
}

export interface Announcement extends Pick<Advised, "room" | "kind" | "text"> {
  readonly id: string;
  readonly episode: number;
}

export interface Announced {
  /** To be made by this node, and then written down as standing. */
  readonly say: readonly Announcement[];
  /** To be written down as over. */
  readonly end: readonly Pick<Told, "id" | "episode">[];
  /** Of this node's own records, those that nothing rests on any more. */
  readonly drop: readonly string[];
}

/** What the dead or the ignorant said stands in the way no longer than this. A guess. */
export const TOLD_MS_MAX = 12 * HOUR_MS;

/**
 * What this node has to announce now. A node says something only for the rooms that fall to it,
 * and only what nobody has said; so where the announcer dies before it has told, the next one
 * says it late, and where it dies after, nobody says it again while it lasts. When it is over, a
 * later time is an announcement of its own.
 */
export function announcements(announcing: Announcing, hash: Hash): Announced {
  const { self, living, sink } = announcing;
  const told = announcing.told.filter(({ id }) => isOf(sink.effect, id));
  const say: Announcement[] = [];
  const end: Pick<Told, "id" | "episode">[] = [];
  const current = currentById(announcing, hash);
  const counting = told.filter(({ by, ageMs }) => living.includes(by) || ageMs < TOLD_MS_MAX);
  for (const [id, { room, kind, text, state }] of current) {
    const last = lastOf(counting.filter((one) => one.id === id));
    const isAnnouncer = announcerOf(room, sink.able, hash) === self;
    if (state === "said" && last?.state !== "standing" && isAnnouncer) {
      const episodes = told.filter((one) => one.id === id).map(({ episode }) => episode);
      say.push({ id, room, kind, text, episode: Math.max(0, ...episodes) + 1 });
    }
    if (state !== "over" || last?.state !== "standing") continue;
    const others = counting.some(({ by, id: other }) => other === id && by !== self);
    if (others && (isAnnouncer || last.by === self)) end.push({ id, episode: last.episode });
  }
  const ending = new Set(end.map(({ id }) => id));
  const mine = told.filter(({ by, id }) => by === self && !ending.has(id));
  const drop = mine.filter((own) => restsOnNothing(own, current.get(own.id), counting));
  return { say, end, drop: drop.map(({ id }) => id) };
}

/** Rules that say the same of a room are one: over when all are. */
function currentById({ sink, advised }: Announcing, hash: Hash): ReadonlyMap<string, Advised> {
  const ranks = ["over", "quiet", "said"] as const;
  const current = new Map<string, Advised>();
  for (const one of advised) {
    const id = announcementId(sink.effect, one, hash);
    const known = current.get(id);
    if (known !== undefined && ranks.indexOf(known.state) >= ranks.indexOf(one.state)) continue;
    current.set(id, one);
  }
  return current;
}

/** The latest episode; its end wins over what still takes it for standing. */
function lastOf(told: readonly Told[]): Told | undefined {
  let last: Told | undefined;
  for (const one of told) {
    const later = one.episode - (last?.episode ?? 0);
    if (later > 0 || (later === 0 && one.state === "over")) last = one;
  }
  return last;
}

/** An end is kept while somebody, who may be off, still takes the announcement for standing. */
function restsOnNothing(own: Told, now: Advised | undefined, counting: readonly Told[]): boolean {
  const others = counting.filter(({ id, by }) => id === own.id && by !== own.by);
  if (others.some(({ episode }) => episode > own.episode)) return true;
  if (own.state === "over") {
    return !others.some((one) => one.state === "standing" && one.episode <= own.episode);
  }
  if (others.some((one) => one.state === "over" && one.episode === own.episode)) return true;
  if (now === undefined) return own.ageMs >= TOLD_MS_MAX;
  return now.state === "over" && others.length === 0;
}

/** Which of the living speaks for a room. */
export function announcerOf(
  room: string,
  living: readonly NodeId[],
  hash: Hash,
): NodeId | undefined {
  return rendezvous(room, living, hash)[0];
}

/** The same for the same words and effect on any node: hexadecimal, the effect's digits first. */
export function announcementId(
  effect: string,
  { room, text }: Pick<Advised, "room" | "text">,
  hash: Hash,
): string {
  const words = toHex(hash(utf8(`${room} ${text}`))).slice(0, WORDS_DIGITS);
  return effect.slice(0, EFFECT_DIGITS) + words;
}

/** Whether an announcement is of an effect. */
export function isOf(effect: string, id: string): boolean {
  return id.startsWith(effect.slice(0, EFFECT_DIGITS));
}

/** 64 bits tell the few effects of a mesh apart, 128 whatever a rule may say. */
const EFFECT_DIGITS = 16;
const WORDS_DIGITS = 32;
