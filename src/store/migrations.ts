import type { Database } from "better-sqlite3";

/** One step a schema version; a step that has shipped is never changed. */
const STEPS: readonly string[] = [
  `CREATE TABLE origins (origin TEXT PRIMARY KEY, coverage TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE entries (
     origin TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, signature BLOB NOT NULL,
     heard_wall_ms INTEGER NOT NULL, PRIMARY KEY (origin, key)
   ) WITHOUT ROWID;
   CREATE TABLE peers (
     id TEXT PRIMARY KEY, addresses TEXT NOT NULL, last_linked_wall_ms INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`,
];

/** Brings a database up to this build's schema. Gives false where it is of a newer build. */
export function migrate(db: Database): boolean {
  const version = db.pragma("user_version", { simple: true }) as number;
  if (version > STEPS.length) return false;
  for (let at = version; at < STEPS.length; at++) {
    db.transaction(() => {
      db.exec(STEPS[at] as string);
      db.pragma(`user_version = ${at + 1}`);
    })();
  }
  return true;
}
