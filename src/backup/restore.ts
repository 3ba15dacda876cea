import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../base/result.ts";
import { unusable } from "../store/check.ts";
import { LOCKED, takeLock } from "../store/lock.ts";
import { identityFromPem } from "../trust/identity.ts";
import { makeFolder } from "../trust/make-folder.ts";
import { readMembership } from "../trust/membership-file.ts";
import { dataFilesIn, giveToOwner, STATE_FILE } from "./data-files.ts";
import {
  abandonRestore,
  beginRestore,
  decideRestore,
  isRestoring,
  placeRestored,
} from "./finish-restore.ts";
import type { Archive } from "./read-archive.ts";

const OWNER_ONLY = 0o600;

export interface RestoreOrder {
  readonly dataDir: string;
  /** What becomes of data that is there: with "move aside" it is kept beside. */
  readonly over: "refuse" | "move aside";
}

export interface Restored {
  readonly files: readonly string[];
  /** Where what was there before is now, if there was something. */
  readonly before: string | undefined;
}

/**
 * Puts a backup's files into a data folder: all of them, or nothing is changed. Cut short after it
 * was decided, it goes on at the next start. The error is one line; system errors are thrown.
 */
export async function restore(archive: Archive, order: RestoreOrder): Promise<Result<Restored>> {
  const { dataDir, over } = order;
  const made = makeFolder(dataDir);
  if (!made.ok) return made;
  const lock = takeLock(join(dataDir, STATE_FILE));
  if (!lock.ok) {
    const isRunning = lock.error.startsWith(LOCKED);
    return isRunning ? err(`a node runs on ${dataDir}: stop it first`) : lock;
  }
  try {
    if (isRestoring(dataDir)) placeRestored(dataDir);
    if (over === "refuse" && dataFilesIn(dataDir).length > 0) {
      return err(`there is a node in ${dataDir}: add --force to move it aside, or set --data`);
    }
    const folder = beginRestore(dataDir);
    const fit = await gather(archive, folder).catch((error: unknown) => {
      abandonRestore(dataDir);
      throw error;
    });
    if (!fit.ok) {
      abandonRestore(dataDir);
      return fit;
    }
    giveToOwner(dataDir, ...archive.dataFiles.map((name) => join(folder, name)));
    decideRestore(dataDir);
    const before = placeRestored(dataDir);
    return ok({ files: archive.dataFiles, before });
  } finally {
    lock.value.release();
    giveToOwner(dataDir, `${join(dataDir, STATE_FILE)}.lock`);
  }
}

/** Takes the files out, and looks at them as a node that starts would. */
async function gather(archive: Archive, folder: string): Promise<Result<void>> {
  for (const name of archive.dataFiles) {
    await archive.extract(name, join(folder, name), OWNER_ONLY);
  }
  const key = join(folder, "identity.pem");
  if (!existsSync(key)) return err("the backup has no key of a node");
  const identity = identityFromPem(readFileSync(key, "utf8"));
  if (!identity.ok) return err(`the backup's key is damaged (${identity.error})`);
  if (identity.value.id !== archive.manifest.node.id) {
    return err("the backup's key is not that of the node it names");
  }
  const membership = readMembership(folder);
  if (!membership.ok) return err("the backup's membership is damaged");
  const state = join(folder, STATE_FILE);
  const trouble = existsSync(state) ? unusable(state) : undefined;
  return trouble === undefined ? ok(undefined) : err(`the backup can't be used: ${trouble}`);
}
