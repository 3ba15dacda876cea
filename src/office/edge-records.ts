import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { many, optional, record, text, uint } from "../base/tlv.ts";
import type { Replica } from "../replica/replica.ts";
import type { Told } from "./announcements.ts";

/**
 * What nodes tell each other about what leaves the mesh.
 *
 * | key | says |
 * |---|---|
 * | `edge` | which effects and chat services a node has configured, and which of them fail |
 * | `told/ID` | that it made an announcement, or that one is over (`announcements.ts`) |
 * | `answered/ID` | that it answers, or has answered, a question of a chat |
 *
 * Identities are hashes: neither a text, nor a question, nor an address is in them.
 */
export const EDGE_KEY = "edge";
const TOLD_PREFIX = "told/";
const ANSWERED_PREFIX = "answered/";

/** A hundred rules in a hundred rooms would be more; so many are for nobody to read. A guess. */
export const EFFECTS_COUNT_MAX = 64;
const ID_LENGTH_MAX = 64;
const ID_PATTERN = /^[0-9a-f]{8,64}$/;

export const edgeRecord = record({
  effects: many(text(1, ID_LENGTH_MAX), EFFECTS_COUNT_MAX),
  failing: many(text(2, ID_LENGTH_MAX), EFFECTS_COUNT_MAX),
});

export const toldRecord = record({ episode: uint(1), over: optional(uint(2, 1)) });

export const answeredRecord = record({ done: optional(uint(1, 1)) });

/** That a node has taken on a question, or answered it. */
export interface Answering {
  readonly id: string;
  readonly by: NodeId;
  readonly ageMs: Millis;
  readonly state: "taken" | "answered";
}

export function toldKey(id: string): string {
  return TOLD_PREFIX + id;
}

export function answeredKey(id: string): string {
  return ANSWERED_PREFIX + id;
}

/** The nodes of some living ones that can reach an effect; where it fails for all, all have it. */
export function ableNodes(
  replica: Replica,
  effect: string,
  living: readonly NodeId[],
): readonly NodeId[] {
  const having: NodeId[] = [];
  const able: NodeId[] = [];
  for (const id of living) {
    const value = replica.get(id, EDGE_KEY)?.entry.value;
    const said = value && edgeRecord.decode(value);
    if (!said?.ok || !said.value.effects.includes(effect)) continue;
    having.push(id);
    if (!said.value.failing.includes(effect)) able.push(id);
  }
  return able.length > 0 ? able : having;
}

/** All that nodes say about announcements. */
export function toldBy(replica: Replica, nowMs: Millis): readonly Told[] {
  const found: Told[] = [];
  for (const { entry, heardMs } of replica.live()) {
    const id = idIn(TOLD_PREFIX, entry.key);
    if (id === undefined || entry.value === undefined) continue;
    const said = toldRecord.decode(entry.value);
    if (!said.ok) continue;
    const state = said.value.over === 1 ? "over" : "standing";
    const ageMs = Math.max(0, nowMs - heardMs);
    found.push({ id, by: entry.origin, ageMs, episode: said.value.episode, state });
  }
  return found;
}

/** All that nodes say about one question. */
export function answeringOf(replica: Replica, id: string, nowMs: Millis): readonly Answering[] {
  const found: Answering[] = [];
  for (const { origin } of replica.origins()) {
    const held = replica.get(origin, answeredKey(id));
    const said = held?.entry.value && answeredRecord.decode(held.entry.value);
    if (held === undefined || !said?.ok) continue;
    const state = said.value.done === 1 ? "answered" : "taken";
    found.push({ id, by: origin, ageMs: Math.max(0, nowMs - held.heardMs), state });
  }
  return found;
}

/** Questions that one node has taken on or answered, the oldest first. */
export function answeringBy(replica: Replica, node: NodeId, nowMs: Millis): readonly Answering[] {
  const found: Answering[] = [];
  for (const { entry } of replica.state(node)?.held.values() ?? []) {
    const id = idIn(ANSWERED_PREFIX, entry.key);
    if (id === undefined || entry.value === undefined) continue;
    found.push(...answeringOf(replica, id, nowMs).filter(({ by }) => by === node));
  }
  return found.sort((left, right) => right.ageMs - left.ageMs);
}

function idIn(prefix: string, key: string): string | undefined {
  const id = key.startsWith(prefix) ? key.slice(prefix.length) : "";
  return ID_PATTERN.test(id) ? id : undefined;
}
