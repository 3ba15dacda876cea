import type { Kind, Unit } from "../../reading/kind.ts";
import type { Side } from "./intent.ts";

/** A word such as "noisy" or "warmest": of which kind it speaks, and which end of it. */
export interface Quality {
  readonly kind: Kind;
  readonly side: Side;
  readonly phrases: readonly string[];
}

/** One and many of a noun. */
export type Noun = readonly [one: string, many: string];

/**
 * All that a language needs: which phrases mean what, and what is answered.
 *
 * Phrases are written as people do; accents, capitals and apostrophes don't matter. In sentences
 * `{name}` is a slot.
 */
export interface Language {
  readonly name: string;
  readonly kinds: Readonly<Record<Kind, readonly string[]>>;
  readonly qualities: readonly Quality[];
  readonly extremes: readonly Quality[];
  /** Make a kind's name an extreme: "highest humidity". */
  readonly most: Readonly<Record<Side, readonly string[]>>;
  readonly phrases: Readonly<Record<PhraseName, readonly string[]>>;
  /** Words that change nothing. */
  readonly fillers: readonly string[];
  readonly decimalPoint: string;
  readonly kindNames: Readonly<Record<Kind, string>>;
  readonly unitNames: Readonly<Record<Unit, Noun>>;
  readonly spanNames: Readonly<Record<SpanName, Noun>>;
  readonly sentences: Readonly<Record<SentenceName, string>>;
}

export type SpanName = "second" | "minute" | "hour" | "day";

export type PhraseName =
  /** Nothing but a call for help. */
  | "help"
  | "who"
  /** Come before a person's name. */
  | "whereIs"
  /** Come after a person's name, at the end: "is ana here". */
  | "isHere"
  | "iam"
  | "device"
  | "free"
  | "taken"
  | "target"
  | "set"
  /** Ask for a degree, not for yes or no: "how noisy". */
  | "how"
  | "rooms"
  | "nodes"
  /** The whole office. */
  | "office"
  /** Stand for a room without naming it. */
  | "roomWords";

export type SentenceName =
  | "help"
  | "notUnderstood"
  | "noData"
  | "unknownRoom"
  | "noRoom"
  | "notMeasured"
  | "notMeasuredInOffice"
  | "silentSensor"
  | "outOfReach"
  | "ago"
  | "now"
  | "reading"
  | "nothingKnown"
  | "lastValue"
  | "yes"
  | "no"
  | "extremeAbove"
  | "extremeBelow"
  | "roomList"
  | "nodesAlive"
  | "nodeSilent"
  | "roomFree"
  | "roomTaken"
  | "roomCounted"
  | "roomLately"
  | "roomLeft"
  | "roomDeserted"
  | "noMotionSensor"
  | "noneFree"
  | "noneTaken"
  | "peopleIn"
  | "peopleInRoom"
  | "peopleNone"
  | "peopleUnregistered"
  | "peopleWithheld"
  | "peopleNotKept"
  | "personIn"
  | "personInRoom"
  | "personAway"
  | "personNeverSeen"
  | "personUnknown"
  | "iamHow"
  | "iamNoDevice"
  | "deviceAt"
  | "deviceUnknown"
  | "target"
  | "targetNone"
  | "targetsNotKept"
  | "setHow"
  | "setWhich"
  | "setImplausible"
  | "and";
