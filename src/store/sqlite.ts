import { statSync } from "node:fs";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Connection, connect } from "./connection.ts";
import { codeOf, failureOf, spoilsHandle } from "./failure.ts";
import type { Lock } from "./lock.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import type { Batch, Durability, Snapshot, Store, StoreFailure, StoreState } from "./port.ts";

export interface SqliteParts {
  readonly path: string;
  readonly movedAside: string | undefined;
  /** Released by `close`. */
  readonly lock: Lock;
  readonly log: Log;
}

/** The store in one SQLite file, in write-ahead-log mode; made by `openStore`. */
export class SqliteStore implements Store {
  private commits = 0;
  private syncs = 0;
  private failure: StoreFailure | undefined;
  private life: "open" | "spoiled" | "closed" = "open";
  private waiting: Durability = "durable";
  /** Whether a power cut may take commits from the log; the last process may have left some. */
  private unsynced = true;
  /** Whether the log may hold what was removed; the last process may have left some. */
  private residue = true;

  constructor(
    private connection: Connection,
    private readonly parts: SqliteParts,
  ) {}

  load(): Snapshot {
    return this.connection.rows.load();
  }

  commit(batch: Batch, durability: Durability): Result<void, StoreFailure> {
    if (this.life === "closed") return err("broken");
    try {
      if (this.life === "spoiled") this.reopen();
      this.wait(durability);
      const changes = this.connection.rows.changes();
      this.connection.rows.commit(batch);
      if (removes(batch)) this.residue = true;
      if (durability === "durable") this.settle(changes === this.connection.rows.changes());
      else this.unsynced = true;
    } catch (error) {
      return err(this.failed(error));
    }
    this.commits += 1;
    if (durability === "durable" && this.residue) this.scrub();
    this.recovered();
    return ok(undefined);
  }

  state(): StoreState {
    const { commits, syncs, failure } = this;
    const { path, movedAside } = this.parts;
    const bytes = sizeOf(path) + sizeOf(`${path}-wal`);
    return { path, bytes, commits, syncs, failure, movedAside };
  }

  /** Everything committed is on the card afterwards, and nothing removed is left in a log. */
  close(): void {
    if (this.life === "closed") return;
    this.life = "closed";
    try {
      this.connection.db.close();
    } finally {
      this.parts.lock.release();
    }
  }

  /**
   * NORMAL writes a commit to the log, FULL also waits for the card; the log is one file, so that
   * waiting for one commit is waiting for all before it.
   */
  private wait(durability: Durability): void {
    if (this.waiting === durability) return;
    this.connection.db.pragma(`synchronous = ${durability === "durable" ? "FULL" : "NORMAL"}`);
    this.waiting = durability;
  }

  /** SQLite syncs nothing where a transaction changed nothing, and earlier commits may wait. */
  private settle(unchanged: boolean): void {
    if (unchanged && !this.unsynced) return;
    if (unchanged) this.connection.db.pragma(`user_version = ${SCHEMA_VERSION}`);
    this.unsynced = false;
    this.syncs += 1;
  }

  /** Empties the log, so that what was removed is in no file. Tried again where it fails. */
  private scrub(): void {
    try {
      const [row] = this.connection.db.pragma("wal_checkpoint(TRUNCATE)") as { busy: number }[];
      this.residue = row?.busy !== 0;
    } catch (error) {
      this.judge(error);
      this.parts.log.write("warn", "removed data is still in the store's log: trying again", {
        code: codeOf(error),
      });
    }
  }

  /** Never begins a new file: it would lack all that the node holds and thinks stored. */
  private reopen(): void {
    this.connection.db.close();
    this.connection = connect(this.parts.path, "old");
    this.life = "open";
    this.waiting = "durable";
    this.unsynced = true;
  }

  private failed(error: unknown): StoreFailure {
    const failure = this.judge(error);
    if (failure !== this.failure) {
      const fields = { failure, code: codeOf(error), detail: (error as Error).message };
      this.parts.log.write("error", "the store takes no writes: trying again", fields);
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

function removes({ forget = [], origins = [] }: Batch): boolean {
  return forget.length > 0 || origins.some(({ drop }) => drop.length > 0);
}

function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}
