import type { NodeId } from "../base/id.ts";
import { many, nested, record, text, uint } from "../base/tlv.ts";
import { isKind, type Kind } from "../reading/kind.ts";
import type { Replica } from "../replica/replica.ts";
import { hexOf, nodeOf } from "./admissions.ts";
import { nodeName } from "./nodes.ts";
import { NODE_KEY, nodeRecord, parseReadingKey, readingRecord } from "./records.ts";

/**
 * How a new Pi takes the place of one that died.
 *
 * | key | says |
 * |---|---|
 * | `replaces/KEY` | its writer asks for that node's place, or has it: what it is called there |
 * | `replaced/KEY` | that node's place was given away: a token that proves it |
 *
 * What people set through the old node, what went through its doors and what it measured stays
 * under its identity, where everything already refers to it; only what tells of its present goes.
 */
const REPLACES = "replaces/";
const REPLACED = "replaced/";

const NAME_BYTES_MAX = 64;
/** Sensors of the old node that are remembered, to be configured again. A guess. */
const SENSORS_MAX = 64;
const KINDS_MAX = 16;

const sensorRecord = record({
  name: text(1, NAME_BYTES_MAX),
  kinds: many(text(2, 32), KINDS_MAX),
  /** The longest silence between two readings. */
  everyMs: uint(3),
});

export const replacesRecord = record({
  name: text(1, NAME_BYTES_MAX),
  room: text(2, NAME_BYTES_MAX),
  /** 1: the old one may still live. */
  force: uint(3, 1),
  sensors: many(nested(4, sensorRecord), SENSORS_MAX),
});

/** What the mesh knows of a sensor; how it is wired is in its node's own configuration alone. */
export interface KnownSensor {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly everyMs: number;
}

/** What a node takes over, as it says itself. */
export interface Place {
  readonly name: string;
  readonly room: string;
  readonly sensors: readonly KnownSensor[];
}

/** "waiting" for an admin; "lost": another one has that place. */
export type ReplacementState = "waiting" | "done" | "lost";

export interface ReplacementView extends Place {
  /** The old node. */
  readonly node: NodeId;
  /** Who asks for its place, or has it. */
  readonly by: NodeId;
  readonly state: ReplacementState;
  /** Who has the place, once somebody has. */
  readonly successor: NodeId | undefined;
  readonly isForced: boolean;
}

export const replacesKey = (node: NodeId) => REPLACES + hexOf(node);
export const replacedKey = (node: NodeId) => REPLACED + hexOf(node);

/** The node that a key of this kind is about; undefined for other keys. */
export const parseReplacesKey = (key: string) => nodeOf(REPLACES, key);
export const parseReplacedKey = (key: string) => nodeOf(REPLACED, key);

/** Whether an entry changes whose place anybody has. */
export function isAboutPlaces(key: string): boolean {
  return key.startsWith(REPLACES) || key.startsWith(REPLACED);
}

/** Keys, or how they begin, under which what a node said stays when another has its place. */
const KEPT = [
  "target/",
  "claim/",
  "unclaim/",
  "passages/",
  "reset/",
  "plan/",
  "plan-picture",
  "calibration/",
  "history/",
  "grant/",
  "let-in/",
  "revoked/",
  "forgotten/",
  REPLACED,
];

/** Whether what a node said under a key stays when another has its place. */
export function outlastsReplacement(key: string): boolean {
  return key === NODE_KEY || KEPT.some((one) => key.startsWith(one));
}

/** What a node has that another may take over; undefined before it said who it is. */
export function placeOf(replica: Replica, node: NodeId): Place | undefined {
  const value = replica.get(node, NODE_KEY)?.entry.value;
  const said = value && nodeRecord.decode(value);
  if (!said?.ok) return undefined;
  const { name, room } = said.value;
  return { name, room, sensors: sensorsOf(replica, node) };
}

export function encodeReplaces({ name, room, sensors }: Place, force: "force" | "safe") {
  const known = sensors.slice(0, SENSORS_MAX);
  return replacesRecord.encode({ name, room, force: force === "force" ? 1 : 0, sensors: known });
}

/** Who asks for whose place, and who has whose, the old ones' names in order. */
export function replacementViews(replica: Replica): readonly ReplacementView[] {
  const found: ReplacementView[] = [];
  for (const { entry } of replica.live()) {
    const node = parseReplacesKey(entry.key);
    const said = node && entry.value && replacesRecord.decode(entry.value);
    if (node === undefined || !said || !said.ok || replica.isReplaced(entry.origin)) continue;
    const { name, room, force, sensors } = said.value;
    const known = sensors.map((one) => ({ ...one, kinds: one.kinds.filter(isKind) }));
    const [successor] = replica.successorsOf(node);
    const state = replacementState(replica, node, entry.origin);
    const view = { node, by: entry.origin, state, successor, isForced: force === 1 };
    found.push({ ...view, name, room, sensors: known });
  }
  return found.sort((left, right) => (left.name + left.by < right.name + right.by ? -1 : 1));
}

/** The place that a node has; the first by name where it somehow has two. */
export function placeTaken(replica: Replica, self: NodeId): ReplacementView | undefined {
  return replacementViews(replica).find((one) => one.by === self && one.state === "done");
}

/** Who has a node's place now: itself, its successor, or that one's. */
export function presentHolder(replica: Replica, node: NodeId): NodeId {
  const seen = new Set<NodeId>();
  let holder = node;
  for (let next: NodeId | undefined = node; next !== undefined && !seen.has(next); ) {
    seen.add(next);
    holder = next;
    next = replica.successorsOf(next)[0];
  }
  return holder;
}

function replacementState(replica: Replica, node: NodeId, by: NodeId): ReplacementState {
  const [successor] = replica.successorsOf(node);
  if (successor === by) return "done";
  return successor === undefined && !replica.isRetired(node) ? "waiting" : "lost";
}

/** A node's name, and its identity's end where the same is called another. */
export function toldName(replica: Replica, node: NodeId): string {
  return `${nodeName(replica, node)} (${node.slice(-8)})`;
}

function sensorsOf(replica: Replica, node: NodeId): readonly KnownSensor[] {
  const found = new Map<string, KnownSensor>();
  for (const { entry } of replica.state(node)?.held.values() ?? []) {
    const at = parseReadingKey(entry.key);
    const said = at && entry.value && readingRecord.decode(entry.value);
    if (at === undefined || !said || !said.ok || !isKind(at.kind)) continue;
    const known = found.get(at.sensor);
    const kinds = [...(known?.kinds ?? []), at.kind].sort();
    const everyMs = Math.max(known?.everyMs ?? 0, said.value.everyMs);
    found.set(at.sensor, { name: at.sensor, kinds, everyMs });
  }
  return [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}
