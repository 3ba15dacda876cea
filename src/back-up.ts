import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { giveToOwner } from "./backup/data-files.ts";
import { makeBackup } from "./backup/make-backup.ts";
import { openArchive } from "./backup/read-archive.ts";
import { restore } from "./backup/restore.ts";
import { err, ok, type Result } from "./base/result.ts";
import type { Millis } from "./base/time.ts";
import {
  type BackupDone,
  type BackupHow,
  CliError,
  type RestoreDone,
  type RestoreHow,
} from "./cli/deps.ts";
import type { Config } from "./config/config.ts";
import type { Loaded } from "./config/load.ts";
import { writeSecret } from "./trust/identity.ts";

/** `watercooler backup`. The error is one line. */
export async function backUp(
  { config, path: configPath }: Loaded,
  how: BackupHow,
  { version, wallMs }: { readonly version: string; readonly wallMs: Millis },
): Promise<Result<BackupDone>> {
  const { dataDir } = config;
  try {
    const made = await makeBackup({
      ...{ ...how, dataDir, configPath, version, wallMs, name: config.node.name },
    });
    if (!made.ok) return made;
    const { manifest, files } = made.value;
    const { size: bytes } = statSync(how.path);
    const { made_at } = manifest;
    return ok({ file: how.path, id: manifest.node.id, made_at, bytes, files });
  } catch (error) {
    if (error instanceof CliError) throw error;
    return err(`no backup was made: ${(error as Error).message}`);
  }
}

/** `watercooler restore`. The error is one line. */
export async function restoreFrom(config: Config, how: RestoreHow): Promise<Result<RestoreDone>> {
  const opened = await openArchive(how.path);
  if (!opened.ok) return opened;
  const archive = opened.value;
  const draft = how.configPath === undefined ? undefined : `${how.configPath}.part`;
  try {
    const text = draft === undefined ? undefined : await archive.config();
    let { dataDir } = config;
    if (draft !== undefined && text !== undefined) {
      // It may hold passwords.
      writeSecret(draft, text);
      dataDir = await how.dataDirOf(draft);
    }
    const restored = await restore(archive, { dataDir, over: how.over });
    if (!restored.ok) return restored;
    const placed = text === undefined ? undefined : how.configPath;
    if (placed !== undefined) placeConfig(`${placed}.part`, placed, dataDir);
    const { node, made_at } = archive.manifest;
    const before = restored.value.before ?? null;
    return ok({ ...node, made_at, data: dataDir, before, config: placed ?? null });
  } catch (error) {
    if (error instanceof CliError) throw error;
    return err(`can't restore: ${(error as Error).message}`);
  } finally {
    if (draft !== undefined) rmSync(draft, { force: true });
    await archive.close();
  }
}

/** Whoever may read the one that was there may read the new one; the old one is kept beside. */
function placeConfig(draft: string, path: string, dataDir: string): void {
  giveToOwner(dataDir, draft);
  if (existsSync(path)) {
    const { mode, uid, gid } = statSync(path);
    chmodSync(draft, mode & 0o777);
    if (process.getuid?.() === 0) chownSync(draft, uid, gid);
    copyFileSync(path, `${path}.before-restore`);
  }
  renameSync(draft, path);
}
