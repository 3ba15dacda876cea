import type { Millis } from "../../base/time.ts";
import type { Kind } from "../../reading/kind.ts";

/** What one sensor measured at one moment. */
export interface Point {
  readonly room: string;
  readonly node: string;
  readonly sensor: string;
  /** Made up by the `simulated` platform. */
  readonly simulated: boolean;
  readonly values: ReadonlyMap<Kind, number>;
  /** Since 1970, in UTC. */
  readonly atMs: Millis;
}

const MEASUREMENT = "watercooler";

/**
 * A point in InfluxDB's line protocol, its time in milliseconds: kinds are fields, all of them
 * floats, yes 1 and no 0, so that a field never changes its type and whatever draws numbers draws
 * them. Tags stand in the order of their names, as the protocol's reference advises.
 */
export function lineOf({ room, node, sensor, simulated, values, atMs }: Point): string {
  const tags = { node, room, sensor, ...(simulated ? { simulated: "true" } : {}) };
  const tagged = Object.entries(tags)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `,${key}=${escaped(value)}`);
  const fields = [...values].map(([kind, value]) => `${kind}=${value}`);
  return `${MEASUREMENT}${tagged.join("")} ${fields.join(",")} ${Math.round(atMs)}`;
}

/**
 * A tag's value: commas, equals signs and spaces have a backslash before them. A line feed ends a
 * line whatever stands before it, and a backslash at the end would take the comma after it.
 */
function escaped(text: string): string {
  const plain = text.replaceAll(/[\r\n]/g, " ").replaceAll("\\", "/");
  return plain.replaceAll(/[,= ]/g, (found) => `\\${found}`);
}
