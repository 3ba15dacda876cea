import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import SQLite, { type Database } from "better-sqlite3";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { migrate } from "./migrations.ts";
import type { Store } from "./port.ts";
import { SqliteStore } from "./sqlite.ts";

/** Damaged files kept for whoever wants to look; older ones are removed. */
const ASIDE_MAX = 3;

/**
 * Opens the store, or makes it. A damaged file is moved aside and a new one begun: the node fetches
 * the state again from its peers. The folder is held by a lock until the process ends, however it
 * ends, so that two nodes never write one file.
 */
export function openStore(path: string, log: Log): Result<Store> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    return err(`can't make the data folder ${dirname(path)}: ${(error as Error).message}`);
  }
  const first = tryOpen(path);
  if (first.ok) return ok(new SqliteStore(first.value, path, undefined));
  if (first.error.kind === "refused") return err(first.error.detail);
  const aside = moveAside(path);
  log.write("error", "the store was damaged: starting a new one, peers have the data", {
    movedTo: aside,
    damage: first.error.detail,
  });
  const second = tryOpen(path);
  if (!second.ok) return err(second.error.detail);
  return ok(new SqliteStore(second.value, path, aside));
}

interface OpenFailure {
  readonly kind: "damaged" | "refused";
  readonly detail: string;
}

function tryOpen(path: string): Result<Database, OpenFailure> {
  let db: Database | undefined;
  try {
    db = new SQLite(path, { timeout: 0 });
    // Before anything else: an exclusive lock, which the kernel drops with the process.
    db.pragma("locking_mode = EXCLUSIVE");
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    // Forgotten means gone: freed pages are overwritten.
    db.pragma("secure_delete = ON");
    // A small log and cache: the whole state of an office is a few hundred kilobytes.
    db.pragma("wal_autocheckpoint = 256");
    db.pragma("journal_size_limit = 1048576");
    db.pragma("cache_size = -512");
    db.exec("BEGIN IMMEDIATE; COMMIT");
    const check = db.pragma("quick_check(1)", { simple: true });
    if (check !== "ok") throw Object.assign(new Error(String(check)), { code: "SQLITE_CORRUPT" });
    if (!migrate(db)) {
      db.close();
      const detail = `${path} was written by a newer version: upgrade, or restore a backup`;
      return err({ kind: "refused", detail });
    }
    chmodSync(path, 0o600);
    return ok(db);
  } catch (error) {
    db?.close();
    return err(openFailure(path, error));
  }
}

function openFailure(path: string, error: unknown): OpenFailure {
  const { code = "", message } = error as { code?: string; message: string };
  if (code.startsWith("SQLITE_BUSY")) {
    const detail = `another watercooler is running on ${dirname(path)}: stop it, or set data`;
    return { kind: "refused", detail };
  }
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|FULL)/.test(code) || code.startsWith("E")) {
    const detail = `can't write ${path} (${message}): check its owner and the space left`;
    return { kind: "refused", detail };
  }
  return { kind: "damaged", detail: message };
}

function moveAside(path: string): string {
  let number = 1;
  while (existsSync(`${path}.corrupt-${number}`)) number += 1;
  const aside = `${path}.corrupt-${number}`;
  for (const end of ["", "-wal", "-shm"]) {
    if (existsSync(path + end)) renameSync(path + end, aside + end);
  }
  if (number > ASIDE_MAX) {
    for (const end of ["", "-wal", "-shm"]) {
      rmSync(`${path}.corrupt-${number - ASIDE_MAX}${end}`, { force: true });
    }
  }
  return aside;
}
