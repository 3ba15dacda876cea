import type { NodeId } from "../../base/id.ts";
import type { Millis } from "../../base/time.ts";
import type { DeviceView, NodeView, RoomView, TargetView } from "../views.ts";
import type { IntentName } from "./intent.ts";

/** A person, as far as a question needs one. */
export interface AskedPerson {
  readonly person: string;
  readonly isIn: boolean;
  /** Where that can be told. */
  readonly room?: string;
  /** How long ago a device of theirs was seen; undefined where none was. */
  readonly ageMs: Millis | undefined;
  readonly seenBy: readonly NodeId[];
}

/** The state that a question is answered from. */
export interface AskView {
  readonly rooms: readonly RoomView[];
  readonly nodes: readonly NodeView[];
  readonly devices: readonly DeviceView[];
  /** Undefined where the node registers nobody. */
  readonly people?: readonly AskedPerson[];
  /** Undefined where the node keeps none. */
  readonly targets?: readonly TargetView[];
  /** "public": what names people is not told. */
  readonly audience: "all" | "public";
}

export interface Answer {
  /** One or more lines. */
  readonly text: string;
  readonly intent: IntentName;
  /** Of the oldest thing that the answer rests on; undefined where it rests on nothing. */
  readonly ageMs: Millis | undefined;
  /** The nodes that told it. */
  readonly sources: readonly NodeId[];
}

/** A line of an answer, with what it rests on. */
export interface Line {
  readonly text: string;
  readonly ageMs?: Millis;
  readonly sources?: readonly NodeId[];
}
