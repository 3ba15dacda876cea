import type { Database } from "better-sqlite3";
import { readPragma, setPragma } from "./kept.ts";

/**
 * One step a schema version; a step that has shipped is never changed.
 *
 * An entry names its origin by number: the 56 characters of the identity in every row cost a third
 * more pages (measured with entries of 250 bytes). The rows of one origin lie side by side, since
 * what changes together is then written in few pages. `sum` is a CRC-32 of its row: SQLite has no
 * checksums of its own, and a flipped bit inside a blob passes its checks. No table has an index
 * beside itself, since a damaged one passes both.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE origins (
     origin TEXT PRIMARY KEY, number INTEGER NOT NULL, coverage TEXT NOT NULL, sum INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE entries (
     origin INTEGER NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, signature BLOB NOT NULL,
     heard_wall_ms NUMERIC NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (origin, key)
   ) WITHOUT ROWID;
   CREATE TABLE peers (
     id TEXT PRIMARY KEY, addresses TEXT NOT NULL, last_linked_wall_ms NUMERIC NOT NULL,
     sum INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER NOT NULL)
     WITHOUT ROWID;`,
];

/** The schema that this build writes. */
export const SCHEMA_VERSION = STEPS.length;

export function schemaVersion(db: Database): number {
  return readPragma(db, "user_version") as number;
}

/** Brings a database of an older build up to SCHEMA_VERSION, each step whole or not at all. */
export function migrate(db: Database): void {
  for (let at = schemaVersion(db); at < SCHEMA_VERSION; at++) {
    db.transaction(() => {
      db.exec(STEPS[at] as string);
      setPragma(db, `user_version = ${at + 1}`);
    })();
  }
}
