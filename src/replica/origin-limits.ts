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
 * Rows of one life beyond what an origin may have: the last by name, until the rest fits. The
 * birth stays.
 *
 * What is left depends on the life's entries alone, never on the order in which they came: of an
 * origin that writes too much every node keeps the same part, and the others' digests stay equal.
 */
export function surplusOf(rows: ReadonlyMap<string, Row>, incarnation: number): readonly string[] {
  let count = 0;
  let bytes = 0;
  let last = "";
  for (const [name, { entry }] of rows) {
    if (entry.dot.incarnation !== incarnation) continue;
    count += 1;
    bytes += bytesOf(entry);
    if (name > last && entry.key !== BIRTH_KEY) last = name;
  }
  const surplus: string[] = [];
  const drop = (name: string) => {
    const row = rows.get(name);
    if (row === undefined) return;
    count -= 1;
    bytes -= bytesOf(row.entry);
    surplus.push(name);
  };
  const isOver = () => count > ENTRIES_PER_ORIGIN_MAX || bytes > ORIGIN_BYTES_MAX;
  if (isOver()) drop(last);
  // One is the rule: only then is there anything to sort.
  if (!isOver()) return surplus;
  const names = [...rows]
    .filter(([, { entry }]) => entry.dot.incarnation === incarnation && entry.key !== BIRTH_KEY)
    .map(([name]) => name)
    .sort();
  names.pop();
  while (isOver() && names.length > 0) drop(names.pop() ?? "");
  return surplus;
}
