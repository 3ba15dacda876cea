import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../base/result.ts";
import { damageIn } from "../store/check.ts";
import { LOCKED, lockHolder, takeLock } from "../store/lock.ts";
import { identityFromPem } from "../trust/identity.ts";
import { giveToOwner, HISTORY_FILE, isBackedUp, namesIn, STATE_FILE } from "./data-files.ts";
import { CONFIG_FILE, FORMAT, MANIFEST_FILE, type Manifest } from "./manifest.ts";
import { ArchiveWriter, type Progress } from "./write-archive.ts";

/** Tries until a file stood still. A guess: only what is taken back for good breaks a hold. */
const TRIES_MAX = 10;
const IDENTITY_FILE = "identity.pem";

/** The running node, asked to keep a file still. Both reject with one line. */
export interface FileHolder {
  hold(file: "state" | "history"): Promise<{ readonly hold: number; readonly pid: number }>;
  release(hold: number): Promise<{ readonly still: boolean }>;
}

export interface BackupOrder {
  readonly dataDir: string;
  readonly path: string;
  readonly overwrite: "refuse" | "replace";
  readonly history: "with" | "without";
  /** Where the node's configuration is; undefined where it has none. */
  readonly configPath: string | undefined;
  readonly name: string;
  readonly version: string;
  readonly wallMs: number;
  readonly node: FileHolder;
  readonly progress: Progress;
}

export interface MadeBackup {
  readonly manifest: Manifest;
  readonly files: readonly string[];
}

/**
 * Writes a backup of the node in a data folder, running or not: the file is whole or not there.
 * Rejects with system errors and with what the node says; the error is one line.
 */
export async function makeBackup(order: BackupOrder): Promise<Result<MadeBackup>> {
  const { dataDir, path, overwrite } = order;
  if (overwrite === "refuse" && existsSync(path)) {
    return err(`${path} is there already: name another file, or add --force`);
  }
  const owner = ownerOf(dataDir);
  if (!owner.ok) return owner;
  const lock = takeLock(join(dataDir, STATE_FILE));
  if (!lock.ok && !lock.error.startsWith(LOCKED)) return lock;
  try {
    for (let tried = 0; tried < TRIES_MAX; tried++) {
      const made = await writeOnce(order, owner.value, lock.ok ? "stopped" : "running");
      if (made !== "torn") return made;
    }
    return err("the node's files did not stand still: try again when less is taken back");
  } finally {
    if (lock.ok) lock.value.release();
    if (lock.ok) giveToOwner(dataDir, `${join(dataDir, STATE_FILE)}.lock`);
  }
}

function ownerOf(dataDir: string): Result<string> {
  try {
    const identity = identityFromPem(readFileSync(join(dataDir, IDENTITY_FILE), "utf8"));
    return identity.ok ? ok(identity.value.id) : err(`the key in ${dataDir}: ${identity.error}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return err(`there is no node in ${dataDir}: see --config and --data`);
    if (code === "EACCES") return err(`may not read ${dataDir}: run this with sudo`);
    return err(message);
  }
}

async function writeOnce(
  order: BackupOrder,
  id: string,
  state: "running" | "stopped",
): Promise<Result<MadeBackup> | "torn"> {
  const { dataDir, path, configPath, name, version, wallMs, history } = order;
  const manifest = {
    format: FORMAT,
    made_at: new Date(wallMs).toISOString(),
    version,
    node: { id, name },
  };
  const writer = await ArchiveWriter.begin(path, wallMs);
  try {
    await writer.add(MANIFEST_FILE, Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`));
    if (configPath !== undefined) await writer.add(CONFIG_FILE, readFileSync(configPath));
    const isWanted = (file: string) => history === "with" || !file.startsWith(HISTORY_FILE);
    const files = namesIn(dataDir).filter(isBackedUp).filter(isWanted);
    const databases = files.filter((file) => /\.db(-wal)?$/.test(file));
    for (const file of files.filter((one) => !databases.includes(one))) {
      await writer.add(file, readFileSync(join(dataDir, file)));
    }
    const copy = state === "running" ? copyHeld : copyStopped;
    const copied = await copy(order, writer, databases);
    if (copied.ok) await writer.finish();
    else await writer.abandon();
    return copied.ok ? ok({ manifest, files }) : copied.error === TORN ? "torn" : copied;
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

const TORN = "torn";

/** Nobody writes: the logs, which a killed node leaves, are copied too. */
async function copyStopped(
  { dataDir, progress }: BackupOrder,
  writer: ArchiveWriter,
  databases: readonly string[],
): Promise<Result<void>> {
  for (const file of databases) await writer.addFile(file, join(dataDir, file), progress);
  return ok(undefined);
}

/** What is in a log then came after the file was held, so it is left out. */
async function copyHeld(
  { dataDir, node, progress }: BackupOrder,
  writer: ArchiveWriter,
  databases: readonly string[],
): Promise<Result<void>> {
  for (const file of databases.filter((one) => !one.endsWith("-wal"))) {
    const isState = file === STATE_FILE;
    const { hold, pid } = await node.hold(isState ? "state" : "history");
    const known = lockHolder(join(dataDir, STATE_FILE));
    if (known !== pid) {
      await node.release(hold);
      return err(
        `the node that answered does not run on ${dataDir}: name the right one with --node`,
      );
    }
    const path = join(dataDir, file);
    const bytes = isState ? readFileSync(path) : undefined;
    if (bytes === undefined) await writer.addFile(file, path, progress);
    const { still } = await node.release(hold);
    if (!still) return err(TORN);
    if (bytes === undefined) continue;
    const damage = damageIn(bytes);
    if (damage !== undefined) return err(`the node's store is damaged (${damage}): restart it`);
    await writer.add(file, bytes);
  }
  return ok(undefined);
}
