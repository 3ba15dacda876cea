import { crc32 } from "node:zlib";
import type { Database } from "better-sqlite3";
import { codeOf } from "./failure.ts";
import { keep, readPragma, setPragma } from "./kept.ts";

/**
 * From one schema to the next, and back. A step that has shipped is never changed. The way back
 * leaves every row as the version before would have written it, sums included, so that one goes
 * on with it; what only the newer version knows may be lost.
 */
export interface Step {
  readonly up: string;
  readonly down: string;
}

/**
 * What the store's file looks like, a step a version.
 *
 * An entry names its origin by number: the 56 characters of the identity in every row cost a third
 * more pages (measured with entries of 250 bytes). The rows of one origin lie side by side, since
 * what changes together is then written in few pages. `sum` is a CRC-32 of its row: SQLite has no
 * checksums of its own, and a flipped bit inside a blob passes its checks. No table has an index
 * beside itself, since a damaged one passes both.
 */
export const STATE_STEPS: readonly Step[] = [
  {
    up: `CREATE TABLE origins (
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
    // Nobody wrote what was before.
    down: "",
  },
];

/** The schema of the store that this build writes. */
export const SCHEMA_VERSION = STATE_STEPS.length;

/** Each newer version leaves its way back, for an older program knows nothing of it. */
export const WAYS_TABLE = "ways_back";
const WAYS_BACK = `CREATE TABLE IF NOT EXISTS ${WAYS_TABLE} (
  version INTEGER PRIMARY KEY, sql TEXT NOT NULL, sum INTEGER NOT NULL
) WITHOUT ROWID`;
/** What would reach beyond the file; a step has no use for it. */
const FORBIDDEN = /\b(?:attach|detach|vacuum|pragma|load_extension)\b/i;

export function schemaVersion(db: Database): number {
  return readPragma(db, "user_version") as number;
}

/**
 * The schema as the tables tell it: each one after the first leaves its way back. Where the file's
 * own number says otherwise a bit of it flipped, and it is written anew.
 */
export function settleVersion(db: Database): number {
  const said = schemaVersion(db);
  const found = foundVersion(db);
  if (said !== found) setPragma(db, `user_version = ${found}`);
  return found;
}

function foundVersion(db: Database): number {
  const named = keep(db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")).all();
  if (named.length === 0) return 0;
  if (!named.some((row) => (row as { name: string }).name === WAYS_TABLE)) return 1;
  const newest = keep(db.prepare(`SELECT max(version) AS version FROM ${WAYS_TABLE}`)).get();
  return (newest as { version: number | null }).version ?? 1;
}

/** Brings a database of an older build up to date, each step whole or not at all. */
export function migrate(db: Database, steps: readonly Step[]): void {
  for (const [at, { up, down }] of steps.entries()) {
    if (at < schemaVersion(db)) continue;
    db.transaction(() => {
      db.exec(up);
      if (at > 0) leaveWayBack(db, at + 1, down);
      setPragma(db, `user_version = ${at + 1}`);
    })();
  }
}

/**
 * Takes a database of the next newer build back by one version, as that build left word how; false
 * where it can't be, and then nothing is changed. `isSound` judges what came of it.
 */
export function stepBack(db: Database, isSound: () => boolean): boolean {
  const version = schemaVersion(db);
  try {
    db.transaction(() => {
      const way = wayBack(db, version);
      if (way === undefined || FORBIDDEN.test(way)) throw new Error("no way back");
      db.exec(way);
      keep(db.prepare("DELETE FROM ways_back WHERE version = ?")).run(version);
      setPragma(db, `user_version = ${version - 1}`);
      if (!isSound()) throw new Error("the way back leads elsewhere");
    })();
    return true;
  } catch (error) {
    // Then it is the disk that does not let it.
    if (/^SQLITE_(FULL|IOERR|READONLY|NOMEM)/.test(codeOf(error))) throw error;
    return false;
  }
}

function leaveWayBack(db: Database, version: number, sql: string): void {
  db.exec(WAYS_BACK);
  const leave = keep(db.prepare("INSERT OR REPLACE INTO ways_back VALUES (?, ?, ?)"));
  leave.run(version, sql, sumOf(version, sql));
}

function wayBack(db: Database, version: number): string | undefined {
  type Row = { readonly sql: string; readonly sum: number };
  const find = db.prepare<[number], Row>("SELECT sql, sum FROM ways_back WHERE version = ?");
  const row = keep(find).get(version);
  return row !== undefined && row.sum === sumOf(version, row.sql) ? row.sql : undefined;
}

function sumOf(version: number, sql: string): number {
  return crc32(JSON.stringify([version, sql]));
}
