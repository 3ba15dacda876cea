import { accessSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Log, silentLog } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { FILE_ENDS } from "./aside.ts";
import { askDisk, codeOf } from "./failure.ts";
import type { Held } from "./hold.ts";
import { tryOpenStore } from "./open.ts";
import type {
  Batch,
  Durability,
  Holdable,
  Snapshot,
  Store,
  StoreFailure,
  StoreState,
} from "./port.ts";
import type { SqliteStore } from "./sqlite.ts";

/** Memory as a folder, where Linux has it: a read-only card often has all other folders too. */
const MEMORY_FOLDER = "/dev/shm";
const NOTHING: Snapshot = { origins: [], remembered: [], meta: {} };

/**
 * Opens the store, or, where nothing is wrong but that its disk takes no writes, one that stands by
 * until it does: a node that restarts on a full or failed card is worth more than none.
 *
 * The error is one line that says what to do.
 */
export function openOrStandBy(path: string, log: Log): Result<Store & Holdable> {
  const opened = tryOpenStore(path, log);
  if (opened.ok) return opened;
  const { says, disk } = opened.error;
  if (disk === undefined || isForbidden(path)) return err(says);
  const snapshot = readElsewhere(path);
  if (!snapshot.ok) return err(`${says}; nor can it be read (${snapshot.error})`);
  log.write("error", "the store takes no writes: starting in memory", { failure: disk, says });
  return ok(new StandByStore(path, log, snapshot.value, disk));
}

/** Whether it is this user alone who may not write: that is to be mended, and not waited for. */
function isForbidden(path: string): boolean {
  try {
    for (const one of [dirname(path), path]) if (existsSync(one)) accessSync(one, constants.W_OK);
    return false;
  } catch (error) {
    return ["EACCES", "EPERM"].includes(codeOf(error));
  }
}

/** What the store has, read from a copy in memory: SQLite has to write to read what is in a log. */
function readElsewhere(path: string): Result<Snapshot> {
  if (!FILE_ENDS.some((end) => existsSync(path + end))) return ok(NOTHING);
  let folder: string | undefined;
  try {
    const root = existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir();
    folder = mkdtempSync(join(root, "watercooler-"));
    const copy = join(folder, "state.db");
    for (const end of FILE_ENDS) {
      if (existsSync(path + end)) copyFileSync(path + end, copy + end);
    }
    const opened = tryOpenStore(copy, silentLog);
    if (!opened.ok) return err(opened.error.says);
    const snapshot = opened.value.load();
    opened.value.close();
    return ok(snapshot);
  } catch (error) {
    return err((error as Error).message);
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A store whose disk takes no writes yet. It refuses commits, each after another look at the disk;
 * once that takes writes it is the store itself, and says that it was opened anew, so that all that
 * came meanwhile is written.
 */
export class StandByStore implements Store, Holdable {
  private store: SqliteStore | undefined;
  private life: "open" | "closed" = "open";

  constructor(
    private readonly path: string,
    private readonly log: Log,
    private readonly snapshot: Snapshot,
    private failure: StoreFailure,
  ) {}

  load(): Snapshot {
    return this.store?.load() ?? this.snapshot;
  }

  commit(batch: Batch, durability: Durability): Result<void, StoreFailure> {
    this.store ??= this.tryToOpen();
    return this.store?.commit(batch, durability) ?? err(this.failure);
  }

  state(): StoreState {
    const state = this.store?.state();
    if (state !== undefined) return { ...state, reopened: state.reopened + 1 };
    const { path, failure } = this;
    const counts = { bytes: 0, commits: 0, syncs: 0, reopened: 0 };
    return { path, failure, ...counts, movedAside: undefined };
  }

  hold(): Result<void, StoreFailure> {
    return this.store?.hold() ?? err(this.failure);
  }

  release(): Held {
    return this.store?.release() ?? "broken";
  }

  close(): void {
    this.life = "closed";
    this.store?.close();
  }

  private tryToOpen(): SqliteStore | undefined {
    if (this.life === "closed") return undefined;
    const disk = askDisk(this.path);
    // "broken" is what a disk says that takes writes: nothing is wrong with it.
    if (disk !== "broken") {
      this.failure = disk;
      return undefined;
    }
    const opened = tryOpenStore(this.path, this.log);
    if (!opened.ok) {
      this.failure = opened.error.disk ?? "broken";
      return undefined;
    }
    this.log.write("info", "the store takes writes again");
    return opened.value;
  }
}
