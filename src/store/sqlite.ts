import { statSync } from "node:fs";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Connection, connect, LOG_PAGES_MAX } from "./connection.ts";
import { codeOf, failureOf, spoilsHandle } from "./failure.ts";
import { FileHold, type Held } from "./hold.ts";
import { readPragma, setPragma } from "./kept.ts";
import { type Lock, takeLock } from "./lock.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import type {
  Batch,
  Durability,
  Holdable,
  Snapshot,
  Store,
  StoreFailure,
  StoreState,
} from "./port.ts";

export interface SqliteParts {
  readonly path: string;
  readonly movedAside: string | undefined;
  /** Released by `close`. */
  readonly lock: Lock;
  readonly log: Log;
}

/** The store in one SQLite file, in write-ahead-log mode; made by `openStore`. */
export class SqliteStore implements Store, Holdable {
  private commits = 0;
  private syncs = 0;
  private reopened = 0;
  private failure: StoreFailure | undefined;
  private life: "open" | "spoiled" | "closed" = "open";
  private lock: Lock | undefined;
  private place: string | undefined;
  /**
   * Connections to a disk that is gone. Closing one removes the log by its name, which now is that
   * of the file in use.
   */
  private readonly left: Connection[] = [];
  private waiting: Durability = "durable";
  /** Whether a power cut may take commits from the log; the last process may have left some. */
  private unsynced = true;
  /** Whether the log may hold what was removed; the last process may have left some. */
  private residue = true;
  private readonly standstill = new FileHold(LOG_PAGES_MAX);

  constructor(
    private connection: Connection,
    private readonly parts: SqliteParts,
  ) {
    this.lock = parts.lock;
    this.place = placeOf(parts.path);
  }

  load(): Snapshot {
    return this.connection.rows.load();
  }

  commit(batch: Batch, durability: Durability): Result<void, StoreFailure> {
    if (this.life === "closed") return err("broken");
    try {
      if (this.failure !== undefined && this.isReplaced()) this.moveToReplacement();
      if (this.life === "spoiled") this.reopen();
      this.wait(durability);
      const changes = this.connection.rows.changes();
      this.connection.rows.commit(batch);
      if (removes(batch)) this.residue = true;
      const unchanged = changes === this.connection.rows.changes();
      if (durability === "durable") this.settle(unchanged);
      else this.unsynced = true;
      // That nothing was written does not show that it can be.
      if (unchanged && this.failure !== undefined) this.touch();
    } catch (error) {
      return err(this.failed(error));
    }
    this.commits += 1;
    if (durability === "durable" && this.residue) this.scrub();
    this.recovered();
    return ok(undefined);
  }

  state(): StoreState {
    const { commits, syncs, failure, reopened } = this;
    const { path, movedAside } = this.parts;
    const bytes = sizeOf(path) + sizeOf(`${path}-wal`);
    return { path, bytes, commits, syncs, failure, reopened, movedAside };
  }

  hold(): Result<void, StoreFailure> {
    if (this.life !== "open") return err("broken");
    try {
      this.standstill.begin(this.connection.db);
      this.residue = false;
      return ok(undefined);
    } catch (error) {
      return err(this.failed(error));
    }
  }

  release(): Held {
    return this.standstill.end(this.life === "open" ? this.connection.db : undefined);
  }

  /** Everything committed is on the card afterwards, and nothing removed is left in a log. */
  close(): void {
    if (this.life === "closed") return;
    this.life = "closed";
    this.standstill.spoil();
    try {
      this.connection.db.close();
    } finally {
      this.lock?.release();
    }
  }

  /**
   * NORMAL writes a commit to the log, FULL also waits for the card; the log is one file, so that
   * waiting for one commit is waiting for all before it.
   */
  private wait(durability: Durability): void {
    if (this.waiting === durability) return;
    setPragma(this.connection.db, `synchronous = ${durability === "durable" ? "FULL" : "NORMAL"}`);
    this.waiting = durability;
  }

  /** SQLite syncs nothing where a transaction changed nothing, and earlier commits may wait. */
  private settle(unchanged: boolean): void {
    if (unchanged && !this.unsynced) return;
    if (unchanged) this.touch();
    this.unsynced = false;
    this.syncs += 1;
  }

  private touch(): void {
    setPragma(this.connection.db, `user_version = ${SCHEMA_VERSION}`);
  }

  /** Empties the log, so that what was removed is in no file. Tried again where it fails. */
  private scrub(): void {
    this.standstill.spoil();
    try {
      // The first column is "busy".
      this.residue = readPragma(this.connection.db, "wal_checkpoint(TRUNCATE)") !== 0;
    } catch (error) {
      this.judge(error);
      this.parts.log.write("warn", "removed data is still in the store's log: trying again", {
        code: codeOf(error),
      });
    }
  }

  /** Never begins a new file: it would lack all that the node holds and thinks stored. */
  private reopen(): void {
    this.standstill.spoil();
    this.connection.db.close();
    this.use(connect(this.parts.path, "old"));
  }

  /** Another file has the name: the disk was mounted anew, or a backup was put there. */
  private isReplaced(): boolean {
    const place = placeOf(this.parts.path);
    return place !== undefined && place !== this.place;
  }

  private moveToReplacement(): void {
    const { path } = this.parts;
    this.lock?.release();
    this.lock = undefined;
    const lock = takeLock(path);
    // Judged like a file that can't be opened: by what its disk says.
    if (!lock.ok) throw Object.assign(new Error(lock.error), { code: "SQLITE_CANTOPEN" });
    this.lock = lock.value;
    const connection = connect(path, "old");
    this.left.push(this.connection);
    this.use(connection);
  }

  private use(connection: Connection): void {
    this.standstill.spoil();
    this.connection = connection;
    this.place = placeOf(this.parts.path);
    this.life = "open";
    this.waiting = "durable";
    this.unsynced = true;
    this.residue = true;
    this.reopened += 1;
  }

  private failed(error: unknown): StoreFailure {
    const failure = this.judge(error);
    if (failure !== this.failure) {
      const fields = { failure, code: codeOf(error), detail: (error as Error).message };
      this.parts.log.write("error", "the store takes no writes: going on in memory", fields);
    }
    this.failure = failure;
    return failure;
  }

  private judge(error: unknown): StoreFailure {
    const failure = failureOf(error, this.parts.path);
    if (spoilsHandle(error, failure)) this.life = "spoiled";
    return failure;
  }

  private recovered(): void {
    if (this.failure === undefined) return;
    this.failure = undefined;
    this.parts.log.write("info", "the store takes writes again");
  }
}

function removes({ forget = [], origins = [], scrub }: Batch): boolean {
  return scrub === "log" || forget.length > 0 || origins.some(({ drop }) => drop.length > 0);
}

/** What tells the file from another of the same name, or undefined where none can be seen. */
export function placeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}
