import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { err, ok, type Result } from "../base/result.ts";

/** Only the daemon's own user may look. */
const FOLDER_MODE = 0o700;

/**
 * Makes a folder and those above it, where they are not there. The error is one line.
 *
 * One folder at a time: Node's own recursive way never returns where a file system says that a
 * folder to be made is not there, as /proc does.
 */
export function makeFolder(path: string): Result<void> {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  try {
    for (const folder of missing) makeOne(folder);
    return ok(undefined);
  } catch (error) {
    const reason = (error as Error).message;
    return err(`can't make the folder ${path} (${reason}): name another with "data:" or --data`);
  }
}

/** Somebody else may make it at the same moment. */
function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: FOLDER_MODE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
