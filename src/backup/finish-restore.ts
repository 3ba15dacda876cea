import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../base/result.ts";
import { takeLock } from "../store/lock.ts";
import { dataFilesIn, giveToOwner, namesIn, STATE_FILE } from "./data-files.ts";

/**
 * The steps of a restore, as folders inside the data folder, so that one that was cut short is
 * either nothing or goes on by itself: files are gathered in the first; as the second they count,
 * and what was there is moved out; as the third they are moved into its place.
 */
const GATHERED = "restore.part";
const DECIDED = "restore.ready";
const PLACING = "restore.placing";
/** What was there before, while it is moved out. */
const REPLACED = "restore.old";
const BEFORE = "before-restore-";
const FOLDER_MODE = 0o700;

/** An empty folder to gather files in. Throws the system's errors. */
export function beginRestore(dataDir: string): string {
  const folder = join(dataDir, GATHERED);
  rmSync(folder, { recursive: true, force: true });
  makeOwned(folder, dataDir);
  return folder;
}

/** Leaves nothing of what was gathered. */
export function abandonRestore(dataDir: string): void {
  rmSync(join(dataDir, GATHERED), { recursive: true, force: true });
}

/** What was gathered counts from here on, also when this process ends now. */
export function decideRestore(dataDir: string): void {
  syncFolder(join(dataDir, GATHERED));
  renameSync(join(dataDir, GATHERED), join(dataDir, DECIDED));
  syncFolder(dataDir);
}

/** Whether a restore was decided and then cut short. */
export function isRestoring(dataDir: string): boolean {
  return existsSync(join(dataDir, DECIDED)) || existsSync(join(dataDir, PLACING));
}

/**
 * Puts what was decided in its place; for whoever has the folder's lock. Gives where that moved
 * what was there. Throws the system's errors; then it is to be called again.
 */
export function placeRestored(dataDir: string): string | undefined {
  const [decided, placing] = [join(dataDir, DECIDED), join(dataDir, PLACING)];
  const replaced = join(dataDir, REPLACED);
  if (existsSync(decided)) {
    // All that lies there now is from before.
    for (const name of dataFilesIn(dataDir)) {
      if (!existsSync(replaced)) makeOwned(replaced, dataDir);
      renameSync(join(dataDir, name), join(replaced, name));
    }
    if (existsSync(replaced)) syncFolder(replaced);
    syncFolder(dataDir);
    renameSync(decided, placing);
    syncFolder(dataDir);
  }
  for (const name of namesIn(placing)) renameSync(join(placing, name), join(dataDir, name));
  const before = existsSync(replaced) ? nextBefore(dataDir) : undefined;
  if (before !== undefined) renameSync(replaced, before);
  syncFolder(dataDir);
  if (existsSync(placing)) rmdirSync(placing);
  return before;
}

/** Ends a restore that was cut short, where there is one. The error is one line. */
export function finishRestore(dataDir: string): Result<void> {
  if (!isRestoring(dataDir)) return ok(undefined);
  const lock = takeLock(join(dataDir, STATE_FILE));
  if (!lock.ok) return lock;
  try {
    placeRestored(dataDir);
    return ok(undefined);
  } catch (error) {
    return err(`can't end the restore in ${dataDir}: ${(error as Error).message}`);
  } finally {
    lock.value.release();
  }
}

/** Whoever starts the node may have to end what is cut short. */
function makeOwned(folder: string, dataDir: string): void {
  mkdirSync(folder, { mode: FOLDER_MODE });
  giveToOwner(dataDir, folder);
}

function nextBefore(dataDir: string): string {
  const taken = namesIn(dataDir).map((name) =>
    name.startsWith(BEFORE) ? Number(name.slice(BEFORE.length)) : 0,
  );
  const highest = Math.max(0, ...taken.filter(Number.isInteger));
  return join(dataDir, `${BEFORE}${highest + 1}`);
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}
