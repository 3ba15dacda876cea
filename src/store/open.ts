import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { FILE_ENDS, moveAside } from "./aside.ts";
import { type Connection, connect, Damage, NewerSchema } from "./connection.ts";
import { askDisk, codeOf, failureOf } from "./failure.ts";
import { LOCKED, takeLock } from "./lock.ts";
import type { Holdable, Store, StoreFailure } from "./port.ts";
import { SqliteStore } from "./sqlite.ts";

/** Only the daemon's own user may look: the store names people. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** Why a store is not open. */
export interface Unopened {
  /** One line that says what to do. */
  readonly says: string;
  /** Set where nothing is wrong with it but that its disk takes no writes. */
  readonly disk: Exclude<StoreFailure, "broken"> | undefined;
}

/**
 * Opens the store at `path`, or makes it and its folder. A damaged one is moved aside and a new one
 * begun: the node fetches the state again from its peers. One process at a time may have it.
 *
 * The error is one line that says what to do.
 */
export function openStore(path: string, log: Log): Result<Store & Holdable> {
  const opened = tryOpenStore(path, log);
  return opened.ok ? opened : err(opened.error.says);
}

/** The same, with what kind of trouble it is. */
export function tryOpenStore(path: string, log: Log): Result<SqliteStore, Unopened> {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    return err({ says: folderError(folder, error), disk: undefined });
  }
  const lock = takeLock(path);
  if (!lock.ok) {
    const isTaken = lock.error.startsWith(LOCKED);
    return err({ says: lock.error, disk: isTaken ? undefined : diskTrouble(askDisk(path)) });
  }
  try {
    const { connection, movedAside } = openOrBegin(path, log);
    return ok(new SqliteStore(connection, { path, movedAside, lock: lock.value, log }));
  } catch (error) {
    lock.value.release();
    return err({ says: openError(path, error), disk: diskTroubleOf(path, error) });
  }
}

function diskTroubleOf(path: string, error: unknown): Unopened["disk"] {
  if (error instanceof NewerSchema || codeOf(error).startsWith("SQLITE_BUSY")) return undefined;
  return diskTrouble(failureOf(error, path));
}

function diskTrouble(failure: StoreFailure): Unopened["disk"] {
  return failure === "broken" ? undefined : failure;
}

interface Opened {
  readonly connection: Connection;
  readonly movedAside: string | undefined;
}

function openOrBegin(path: string, log: Log): Opened {
  const bytes = sizeOf(path);
  if (bytes === undefined && (sizeOf(`${path}-wal`) ?? 0) === 0) {
    return { connection: begin(path), movedAside: undefined };
  }
  try {
    if (bytes === undefined) throw new Damage("its log is there, the database is not");
    if (bytes === 0) throw new Damage("the file is empty");
    const connection = connect(path, "old");
    const { backFrom, wrongNumber } = connection;
    if (wrongNumber !== undefined) {
      const said = { schema: wrongNumber };
      log.write("error", "the store's schema number was damaged: set right by its tables", said);
    }
    if (backFrom !== undefined) {
      const fields = { schema: backFrom };
      log.write(
        "warn",
        "the store was a newer version's: taken back as that one left word",
        fields,
      );
    }
    return { connection, movedAside: undefined };
  } catch (error) {
    if (!isDamage(error, path)) throw error;
    const movedAside = moveAside(path);
    log.write("error", "the store was damaged: starting a new one, peers have the data", {
      movedTo: movedAside,
      damage: (error as Error).message,
    });
    return { connection: begin(path), movedAside };
  }
}

function begin(path: string): Connection {
  closeSync(openSync(path, "wx", FILE_MODE));
  // The mode above is masked by the process's own; SQLite gives its log the mode of the file.
  chmodSync(path, FILE_MODE);
  try {
    return connect(path, "new");
  } catch (error) {
    // An empty file would be taken for a damaged one, and moved aside at each start.
    for (const end of FILE_ENDS) rmSync(path + end, { force: true });
    throw error;
  }
}

/** What a new file cures: also a sector that can't be read, not a disk that can't be written. */
function isDamage(error: unknown, path: string): boolean {
  const code = codeOf(error);
  return (
    error instanceof Damage ||
    /^SQLITE_(CORRUPT|NOTADB|ERROR|FORMAT|SCHEMA|MISMATCH|CONSTRAINT)/.test(code) ||
    /^SQLITE_IOERR_(READ|SHORT_READ|CORRUPTFS|DATA)/.test(code) ||
    // A flipped byte in the header reads as "not to be written to", on a disk that takes writes.
    (code === "SQLITE_READONLY" && askDisk(path) === "broken" && mayWrite(path))
  );
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function folderError(folder: string, error: unknown): string {
  const code = codeOf(error);
  if (code === "EEXIST" || code === "ENOTDIR") {
    return `${folder} is not a folder: set another data folder, or move the file away`;
  }
  return `can't make the data folder ${folder} (${code}): check its owner, or set another`;
}

function openError(path: string, error: unknown): string {
  const why = (error as Error).message;
  if (error instanceof NewerSchema) {
    return `${path} was written by a newer watercooler (${why}): upgrade, or restore a backup`;
  }
  if (codeOf(error).startsWith("SQLITE_BUSY")) {
    return `another program has ${path} open: close it`;
  }
  switch (failureOf(error, path)) {
    case "full":
      return `no space left for ${path} (${why}): make room on its disk`;
    case "read-only":
      return `can't write ${path} (${why}): check its owner, and that the disk is not read-only`;
    case "broken":
      return `can't open ${path} (${why}): check the disk, or set another data folder`;
  }
}
