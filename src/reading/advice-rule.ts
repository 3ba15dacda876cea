import type { Millis } from "../base/time.ts";
import type { Kind } from "./kind.ts";

/** A part of each day, in minutes after midnight; from after to, it goes over midnight. */
export interface DayPart {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/**
 * Said of a room while a kind's value is over `above` or under `below`, or by more than so much
 * over or under what people want there; where nobody set a target, those two say nothing.
 */
export interface AdviceRule {
  readonly kind: Kind;
  /** Only of this room; of every one where it is left out. */
  readonly room?: string;
  readonly above?: number;
  readonly below?: number;
  readonly aboveTarget?: number;
  readonly belowTarget?: number;
  /** The value has to be beyond the bound for so long before it is said. */
  readonly forMs: Millis;
  /** The value has to come back by so much before it is said no more, in the kind's unit. */
  readonly hysteresis: number;
  /** When it is not said. */
  readonly quiet?: DayPart;
  readonly say: string;
}
