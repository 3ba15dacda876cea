import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { makeBackup } from "../../src/backup/make-backup.ts";
import { openArchive } from "../../src/backup/read-archive.ts";
import { type Restored, restore } from "../../src/backup/restore.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Result } from "../../src/base/result.ts";
import { openStore } from "../../src/store/open.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { loadOrCreateIdentity } from "../../src/trust/identity.ts";

export const NOBODY = {
  hold: () => Promise.reject(new Error("there is no node")),
  release: () => Promise.reject(new Error("there is no node")),
};

/** A folder that is gone when the test ends. */
export function tempFolder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "watercooler-backup-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function openSqlite(dataDir: string): SqliteStore {
  const opened = openStore(join(dataDir, "state.db"), silentLog);
  if (!(opened.ok && opened.value instanceof SqliteStore)) throw new Error("the store is not open");
  return opened.value;
}

/** The data folder of a node that does not run, with a mark in its store. */
export function stoppedNode(dataDir: string, mark: string): void {
  mkdirSync(dataDir, { recursive: true });
  const identity = loadOrCreateIdentity(dataDir);
  if (!identity.ok) throw new Error(identity.error);
  const store = openSqlite(dataDir);
  store.commit({ meta: { mark, padding: mark.repeat(1_000) } }, "durable");
  store.close();
}

/** What `stoppedNode` left in a folder, as a node that starts there would find it. */
export function markIn(dataDir: string): string | undefined {
  const store = openSqlite(dataDir);
  const { mark } = store.load().meta;
  store.close();
  return mark;
}

export function order(dataDir: string, path: string) {
  return {
    ...{ dataDir, path, overwrite: "replace" as const, history: "with" as const },
    ...{ configPath: undefined, name: "pi", version: "0", wallMs: Date.now(), node: NOBODY },
    progress: () => {},
  };
}

/** A backup of a node that does not run. */
export async function backUpStopped(dataDir: string, path: string): Promise<void> {
  const made = await makeBackup(order(dataDir, path));
  if (!made.ok) throw new Error(made.error);
}

export async function restoreInto(
  path: string,
  dataDir: string,
  over: "refuse" | "move aside" = "refuse",
): Promise<Result<Restored>> {
  const archive = await openArchive(path);
  if (!archive.ok) return archive;
  try {
    return await restore(archive.value, { dataDir, over });
  } finally {
    await archive.value.close();
  }
}

/** All files below a folder with what is in them, save the lock. */
export function contents(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  const kept = files.filter((name) => !/\.(lock|pid|lock-journal)$/.test(name));
  return new Map(kept.map((name) => [name, readFileSync(join(folder, name), "base64")]));
}
