import { closeSync, openSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { StoreFailure } from "./port.ts";

/** SQLite's extended result code of a thrown error, or the system's, or nothing. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/**
 * Why a write to the database at `path` failed. SQLite tells a full disk apart where the write
 * itself said so; all other trouble is one "input or output error", so the disk is asked.
 */
export function failureOf(error: unknown, path: string): StoreFailure {
  const code = codeOf(error);
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT") return "full";
  if (code === "EROFS" || code === "EACCES" || code === "EPERM") return "read-only";
  if (code.startsWith("SQLITE_READONLY") && code !== "SQLITE_READONLY_DBMOVED") return "read-only";
  if (code.startsWith("SQLITE_IOERR") || code === "SQLITE_CANTOPEN") return askDisk(path);
  return "broken";
}

/**
 * Whether the open handle can't be trusted after this error. A full or read-only disk refused the
 * write and no more; what a failed sync left on the card is unknown (PostgreSQL's lesson of 2018).
 */
export function spoilsHandle(error: unknown, failure: StoreFailure): boolean {
  const code = codeOf(error);
  if (/^SQLITE_IOERR_(DIR_)?FSYNC/.test(code)) return true;
  return failure === "broken" && !/^SQLITE_(CONSTRAINT|BUSY|NOMEM)/.test(code);
}

/**
 * What the disk under the store at `path` says of itself; "broken" where it says nothing is wrong.
 * Only an opened file tells: a card that failed under ext4 is writable by its flags. Neither the
 * store's own file nor its lock: closing a second descriptor of those drops this process's locks.
 */
export function askDisk(path: string): StoreFailure {
  try {
    closeSync(openSync(`${path}.pid`, "a"));
    const { bavail, files, ffree } = statfsSync(dirname(path));
    return bavail === 0 || (files > 0 && ffree === 0) ? "full" : "broken";
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOSPC" || code === "EDQUOT") return "full";
    return ["EROFS", "EACCES", "EPERM"].includes(code) ? "read-only" : "broken";
  }
}
