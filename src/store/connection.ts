import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import SQLite, { type Database } from "better-sqlite3";
import { keep, readPragma, setPragma } from "./kept.ts";
import {
  migrate,
  STATE_STEPS,
  type Step,
  schemaVersion,
  settleVersion,
  stepBack,
  WAYS_TABLE,
} from "./migrations.ts";
import { Rows } from "./rows.ts";

/**
 * Small pages: a reading changes one row, and the log takes its whole page. Half the bytes of the
 * default 4096 for up to 50 entries of 250 bytes a commit (measured); in smaller pages such an
 * entry no longer fits beside its neighbours and costs twice as much.
 */
const PAGE_BYTES = 2048;
/**
 * Pages in the log before they are copied into the file, 2 MB. Many changes of one page are then
 * copied once; a larger log only makes the next start longer. A guess.
 */
export const LOG_PAGES_MAX = 1000;
/** What the log may keep on the card once it was copied. */
const LOG_KEPT_BYTES_MAX = LOG_PAGES_MAX * PAGE_BYTES;
/** An office of 32 nodes is 200 kB (measured): more would stay empty on a Pi with 512 MB. */
const CACHE_KIB_MAX = 512;
/** How long another program, say the sqlite3 shell, may hold the file at start. A guess. */
const BUSY_MS_MAX = 2_000;

const HEADER_BYTES = 100;
const HEADER_VERSION_AT = 60;

/** An open database, checked, and of this build's schema. */
export interface Connection {
  readonly db: Database;
  readonly rows: Rows;
  /** The newer schema that was taken back to this build's, if it was. */
  readonly backFrom: number | undefined;
  /** The number that the file's schema had, where it was wrong and was set right. */
  readonly wrongNumber: number | undefined;
}

/** What is in the file can't be trusted. */
export class Damage extends Error {}

/** The file is whole, but of a build that knows more than this one. */
export class NewerSchema extends Error {}

/**
 * Opens and checks the database at `path`, which must exist; a "new" one is an empty file.
 * Throws Damage, NewerSchema or SQLite's own errors, with nothing left open.
 */
export function connect(
  path: string,
  age: "new" | "old",
  steps: readonly Step[] = STATE_STEPS,
): Connection {
  // What the next version wrote may have a way back inside.
  if (age === "old" && mayBeNewer(path)) refuseNewer(headerVersion(path), steps.length + 1);
  const db = keep(new SQLite(path, { timeout: BUSY_MS_MAX, fileMustExist: true }));
  try {
    configure(db);
    check(db);
    const said = schemaVersion(db);
    const version = settleVersion(db);
    const backFrom = bringToDate(db, version, steps);
    const rows = new Rows(db);
    const damage = rows.damage();
    if (damage !== undefined) throw new Damage(damage);
    return { db, rows, backFrom, wrongNumber: said === version ? undefined : said };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What is wrong with an open database and its rows, or undefined. Throws SQLite's errors. */
export function damageOf(db: Database): string | undefined {
  const said = readPragma(db, "quick_check(1)");
  return said === "ok" ? new Rows(db).damage() : String(said).replaceAll("\n", " ");
}

function configure(db: Database): void {
  setPragma(db, `page_size = ${PAGE_BYTES}`);
  // Alone with the file, SQLite keeps the log's index in its own memory. A shared one is a mapped
  // file, and a full or failing disk under a mapped file kills the process.
  setPragma(db, "locking_mode = EXCLUSIVE");
  setPragma(db, "mmap_size = 0");
  if (readPragma(db, "journal_mode = WAL") !== "wal") {
    throw new Damage("it can't be switched to write-ahead logging");
  }
  // Said aloud, since better-sqlite3 is built so that WAL alone means NORMAL.
  setPragma(db, "synchronous = FULL");
  // Forgotten means gone: what is deleted is overwritten with zeros.
  setPragma(db, "secure_delete = ON");
  setPragma(db, `wal_autocheckpoint = ${LOG_PAGES_MAX}`);
  setPragma(db, `journal_size_limit = ${LOG_KEPT_BYTES_MAX}`);
  setPragma(db, `cache_size = -${CACHE_KIB_MAX}`);
  setPragma(db, "temp_store = MEMORY");
  setPragma(db, "cell_size_check = ON");
  // Takes the exclusive lock now rather than at the first write.
  db.exec("BEGIN IMMEDIATE; COMMIT");
}

function check(db: Database): void {
  const said = readPragma(db, "quick_check(1)");
  if (said !== "ok") throw new Damage(String(said).replaceAll("\n", " "));
}

/** Gives the newer version that it was taken back from, if it was. */
function bringToDate(db: Database, version: number, steps: readonly Step[]): number | undefined {
  if (version === steps.length) return undefined;
  const isNewer = version > steps.length;
  if (isNewer) {
    refuseNewer(version, steps.length + 1);
    const isSound = () => new Rows(db).damage() === undefined;
    if (!stepBack(db, isSound)) refuseNewer(version, steps.length);
  } else migrate(db, steps);
  // So that the version can be read from the file alone, without opening it.
  setPragma(db, "wal_checkpoint(TRUNCATE)");
  return isNewer ? version : undefined;
}

function refuseNewer(version: number, highest: number): void {
  if (version > highest) throw new NewerSchema(`schema ${version}`);
}

/** Whether a newer version left word in the file; without it a newer number is a flipped bit. */
function mayBeNewer(path: string): boolean {
  const files = [path, `${path}-wal`].filter((one) => existsSync(one));
  return files.some((one) => readFileSync(one).includes(WAYS_TABLE));
}

/**
 * The schema in the file's header (SQLite's file format, section 1.3), read without SQLite, which
 * would already copy the log into the file. 0 where there is no header.
 */
function headerVersion(path: string): number {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    const length = readSync(file, header, 0, HEADER_BYTES, 0);
    const isDatabase = header.toString("latin1", 0, 16) === "SQLite format 3\0";
    return length === HEADER_BYTES && isDatabase ? header.readInt32BE(HEADER_VERSION_AT) : 0;
  } finally {
    closeSync(file);
  }
}
