import type { Millis } from "../base/time.ts";
import type { Kind } from "./kind.ts";

/** One measured value as a sensor of this node gave it, filters applied. Booleans are 1 and 0. */
export interface Reading {
  /** The sensor's own name, without its node's. */
  readonly sensor: string;
  readonly kind: Kind;
  readonly value: number;
  /** The room it is about, where it is not the node's own. */
  readonly room?: string;
  /** Made up by the `simulated` platform. */
  readonly simulated: boolean;
  /** The longest silence to expect from this sensor: older than a few of these means stale. */
  readonly everyMs: Millis;
}

/** Names of sensors, rooms and nodes: what fits a URL, a metric label and a key. */
export const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;

export function isName(text: string): boolean {
  return NAME_PATTERN.test(text);
}
