import type { Database, Statement } from "better-sqlite3";

/**
 * All that better-sqlite3 made in this process, closed or not: nothing of it is ever let go.
 *
 * From Node 24.19 on, its releases before 13 end the process where one of their objects is
 * collected while no JavaScript runs, and 13 needs Node 22. A database has some twenty objects.
 */
const kept = new Set<object>();
const readers = new WeakMap<Database, Map<string, Statement<[], unknown>>>();

export function keep<T extends object>(made: T): T {
  kept.add(made);
  return made;
}

/** Sets a pragma, such as `synchronous = FULL`. The package's own call leaves an object behind. */
export function setPragma(db: Database, text: string): void {
  db.exec(`PRAGMA ${text}`);
}

/** The first column of what a pragma answers. */
export function readPragma(db: Database, text: string): unknown {
  const known = readers.get(db) ?? new Map<string, Statement<[], unknown>>();
  readers.set(db, known);
  const reader = known.get(text) ?? keep(db.prepare<[], unknown>(`PRAGMA ${text}`).pluck());
  known.set(text, reader);
  return reader.get();
}
