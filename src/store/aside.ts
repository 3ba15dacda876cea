import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";

/** Damaged files kept for whoever wants to look; a guess. Older ones are removed. */
export const ASIDE_FILES_MAX = 3;

/** The files of a database: itself, its log, and the log's index where another program made one. */
export const FILE_ENDS = ["", "-wal", "-shm"] as const;

/** Moves a database out of the way, to `NAME.corrupt-<n>` with n above all there are. Throws. */
export function moveAside(path: string): string {
  const taken = asideNumbers(path);
  const aside = asidePath(path, (taken.at(-1) ?? 0) + 1);
  // The database first: a log alone is seen as damage at the next start, should this be cut short.
  for (const end of FILE_ENDS) {
    if (existsSync(path + end)) renameSync(path + end, aside + end);
  }
  for (const number of taken.slice(0, Math.max(0, taken.length + 1 - ASIDE_FILES_MAX))) {
    for (const end of FILE_ENDS) rmSync(asidePath(path, number) + end, { force: true });
  }
  return aside;
}

function asidePath(path: string, number: number): string {
  return `${path}.corrupt-${number}`;
}

/** The numbers in use, rising. A log may lie there without its database. */
function asideNumbers(path: string): number[] {
  const prefix = `${basename(path)}.corrupt-`;
  const numbers = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => /^(\d+)(?:-wal|-shm)?$/.exec(name.slice(prefix.length))?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number);
  return [...new Set(numbers)].sort((left, right) => left - right);
}
