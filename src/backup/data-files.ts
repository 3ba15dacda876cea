import { chownSync, existsSync, readdirSync, statSync } from "node:fs";

export const STATE_FILE = "state.db";
export const HISTORY_FILE = "history.db";

/** Of the files that a node keeps, those that a backup has. A name with a folder in it is none. */
const BACKED_UP = new RegExp(
  [
    ...[/identity\.(?:pem|crt)/, /membership\.json/, /https\.(?:key|crt)/],
    ...[/authority-\w+\.(?:key|json)/, /(?:state|history)\.db(?:-wal)?/],
  ]
    .map(({ source }) => `^${source}$`)
    .join("|"),
);
/** Kept out of backups: it is to be on no machine, and on paper. */
const ROOT_KEY_FILE = "mesh-root-key.txt";

export function isBackedUp(name: string): boolean {
  return BACKED_UP.test(name);
}

/** The files that make a data folder somebody's: what a restore must not put others beside. */
export function dataFilesIn(dataDir: string): readonly string[] {
  return namesIn(dataDir).filter(
    (name) => isBackedUp(name) || name === ROOT_KEY_FILE || /\.db-shm$/.test(name),
  );
}

/** What is in a folder, nothing where there is none. */
export function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** With sudo, the data folder's own user has to be able to use what was made. */
export function giveToOwner(dataDir: string, ...paths: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dataDir);
  for (const path of paths) {
    try {
      chownSync(path, uid, gid);
    } catch {
      // It is not there, or on a disk that takes no writes; doctor tells of what can't be read.
    }
  }
}
