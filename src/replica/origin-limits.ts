import { BIRTH_KEY } from "./birth.ts";
import type { Entry } from "./entry.ts";

/** Live keys of one origin. A guess: every device of a large office seen by one Pi. */
export const ENTRIES_PER_ORIGIN_MAX = 4_096;
/** What they weigh, signatures included. A guess: as many keys of half a KiB. */
export const ORIGIN_BYTES_MAX = 2 * 1024 * 1024;

interface Row {
  readonly entry: Entry;
}

export function bytesOf({ body, signature }: Entry): number {
  return body.length + signature.length;
}

/**
 * Rows of one life beyond what an origin may have, by name, with their entries: those with the
 * last keys, the last one first, until the rest fits. The birth stays.
 *
 * A life that was cut at a key keeps nothing from there on. So what is left depends on the life's
 * entries alone, and never on the order in which they came: of an origin that writes too much
 * every node keeps the same part, and digests stay equal.
 */
export function surplusOf(
  rows: ReadonlyMap<string, Row>,
  incarnation: number,
): readonly (readonly [string, Entry])[] {
  let count = 0;
  let bytes = 0;
  const cuttable: [string, Entry][] = [];
  for (const [name, { entry }] of rows) {
    if (entry.dot.incarnation !== incarnation) continue;
    count += 1;
    bytes += bytesOf(entry);
    if (entry.key !== BIRTH_KEY) cuttable.push([name, entry]);
  }
  const isOver = () => count > ENTRIES_PER_ORIGIN_MAX || bytes > ORIGIN_BYTES_MAX;
  if (!isOver()) return [];
  cuttable.sort(([, left], [, right]) => (left.key < right.key ? 1 : -1));
  const surplus: (readonly [string, Entry])[] = [];
  for (const row of cuttable) {
    if (!isOver()) break;
    count -= 1;
    bytes -= bytesOf(row[1]);
    surplus.push(row);
  }
  return surplus;
}
