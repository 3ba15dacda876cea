import { readFileSync, rmSync, writeFileSync } from "node:fs";
import SQLite from "better-sqlite3";
import { err, ok, type Result } from "../base/result.ts";
import { codeOf } from "./failure.ts";
import { keep } from "./kept.ts";

/** How the error begins where another process has the lock. */
export const LOCKED = "another watercooler is running on this data folder";

/** Held until released or until the process ends, however it ends. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock on the store at `path`, for one process at a time.
 *
 * It is an empty database beside the store, locked by SQLite: the kernel drops that lock with the
 * process, so that a kill -9 leaves nothing to clean. The store's own lock would not do: it is gone
 * while a damaged file is moved aside. The process id beside it is only for the message.
 *
 * The error is one line for the user.
 */
export function takeLock(path: string): Result<Lock> {
  const pidFile = `${path}.pid`;
  let db: SQLite.Database | undefined;
  try {
    db = keep(new SQLite(`${path}.lock`, { timeout: 0 }));
    // With its journal in memory no byte is written, so that a full disk gives the lock too.
    db.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    db?.close();
    if (!codeOf(error).startsWith("SQLITE_BUSY")) {
      const why = (error as Error).message;
      return err(`can't lock ${path}.lock (${why}): check the folder's owner and the space left`);
    }
    return err(`${LOCKED}${pidIn(pidFile)}: stop it, or give this one a data folder of its own`);
  }
  notePid(pidFile);
  const held = db;
  return ok({
    release: () => {
      if (held.open) dropPid(pidFile);
      held.close();
    },
  });
}

function notePid(file: string): void {
  try {
    writeFileSync(file, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // On a full disk the lock holds all the same; the message just lacks the number.
  }
}

function dropPid(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // A disk that turned read-only keeps it; the next start writes its own.
  }
}

function pidIn(file: string): string {
  const pid = readPid(file);
  return pid === undefined ? "" : ` (pid ${pid})`;
}

/** The process that has the lock on the store at `path`, by its own note. */
export function lockHolder(path: string): number | undefined {
  return readPid(`${path}.pid`);
}

function readPid(file: string): number | undefined {
  try {
    const pid = readFileSync(file, "utf8").trim();
    return /^\d+$/.test(pid) ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}
