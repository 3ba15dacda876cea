import { chmodSync, closeSync, existsSync, openSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import SQLite, { type Database } from "better-sqlite3";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Millis } from "../base/time.ts";
import type { Tier } from "../history/tiers.ts";
import { FILE_ENDS, moveAside } from "./aside.ts";
import { codeOf, failureOf, spoilsHandle } from "./failure.ts";
import type {
  HistoryBatch,
  HistoryFile,
  HistoryState,
  NumberedSeries,
  SegmentHead,
  SegmentPlace,
  SegmentRow,
  SpanRange,
  Sparing,
} from "./history.ts";
import { HistoryRows, prepareHistory } from "./history-rows.ts";
import { FileHold, type Held } from "./hold.ts";
import { keep, readPragma, setPragma } from "./kept.ts";
import type { Holdable, StoreFailure } from "./port.ts";
import { placeOf } from "./sqlite.ts";

const FILE_MODE = 0o600;
/** A minute of 50 sensors is 2 kB: with the default 4096 twice as much is written (measured). */
const PAGE_BYTES = 1024;
/** Charts are asked for seldom, and a Pi has little memory: what a day of one series needs. */
const CACHE_KIB_MAX = 256;
/** Pages in the log before they are copied into the file, 1 MB: less than a Pi notices. */
const LOG_PAGES_MAX = 1000;

export interface HistoryFileParts {
  readonly path: string;
  readonly log: Log;
  /** The file never grows beyond this. */
  readonly bytesMax: number;
}

interface Open {
  readonly db: Database;
  readonly rows: HistoryRows;
}

/**
 * The history in one SQLite file. Opened by its first call, and again after trouble: a damaged
 * file is moved aside, and one that takes no writes answers as far as it can be read.
 */
export class SqliteHistory implements HistoryFile, Holdable {
  private open: Open | undefined;
  private life: "usable" | "closed" | "newer" = "usable";
  private failure: StoreFailure | undefined;
  private movedAside: string | undefined;
  private commits = 0;
  private place: string | undefined;
  /** Connections to a disk that is gone. */
  private readonly left: Open[] = [];
  private readonly standstill = new FileHold(LOG_PAGES_MAX);

  constructor(private readonly parts: HistoryFileParts) {}

  series(): readonly NumberedSeries[] {
    return this.read((rows) => rows.series(), []);
  }

  journal(): readonly Uint8Array[] {
    return this.read((rows) => rows.journal(), []);
  }

  commit(batch: HistoryBatch): Result<void, StoreFailure> {
    if (this.life !== "usable") return err("broken");
    try {
      this.rows().commit(batch);
    } catch (error) {
      return err(this.failed(error));
    }
    this.commits += 1;
    if (this.failure !== undefined) this.parts.log.write("info", "history takes writes again");
    this.failure = undefined;
    return ok(undefined);
  }

  segments(range: SpanRange): readonly SegmentRow[] {
    return this.read((rows) => rows.segments(range), []);
  }

  heads(range: SpanRange): readonly SegmentHead[] {
    return this.read((rows) => rows.heads(range), []);
  }

  surplus(series: number, tier: Tier, keepMax: number, but: Sparing): readonly Millis[] {
    return this.read((rows) => rows.surplus(series, tier, keepMax, but), []);
  }

  unrolled(series: number, tier: Tier): readonly Millis[] {
    return this.read((rows) => rows.unrolled(series, tier), []);
  }

  oldest(limit: number): readonly SegmentPlace[] {
    return this.read((rows) => rows.oldest(limit), []);
  }

  state(): HistoryState {
    const { commits, failure, movedAside } = this;
    const bytes = this.open === undefined ? 0 : this.read(() => this.bytesInUse(), 0);
    return { bytes, commits, failure, movedAside };
  }

  hold(): Result<void, StoreFailure> {
    if (this.life !== "usable") return err("broken");
    try {
      this.rows();
      if (this.open !== undefined) this.standstill.begin(this.open.db);
      return ok(undefined);
    } catch (error) {
      return err(this.failed(error));
    }
  }

  release(): Held {
    return this.standstill.end(this.open?.db);
  }

  close(): void {
    this.life = "closed";
    this.shut();
  }

  private read<T>(ask: (rows: HistoryRows) => T, nothing: T): T {
    if (this.life !== "usable") return nothing;
    try {
      return ask(this.rows());
    } catch (error) {
      this.failed(error);
      return nothing;
    }
  }

  private rows(): HistoryRows {
    this.open ??= this.connect();
    return this.open.rows;
  }

  private connect(): Open {
    const { path, bytesMax } = this.parts;
    if (!existsSync(path)) {
      // A log without its database would be replayed into the new one.
      for (const end of FILE_ENDS) rmSync(path + end, { force: true });
      closeSync(openSync(path, "wx", FILE_MODE));
      chmodSync(path, FILE_MODE);
    }
    probe(path);
    const db = keep(new SQLite(path, { fileMustExist: true }));
    try {
      configure(db, bytesMax);
      this.place = placeOf(path);
      if (prepareHistory(db) === "newer") {
        this.life = "newer";
        throw new Error("a newer version wrote it: upgrade, or remove the file");
      }
      return { db, rows: new HistoryRows(db) };
    } catch (error) {
      db.close();
      throw error;
    }
  }

  private bytesInUse(): number {
    const db = this.open?.db;
    if (db === undefined) return 0;
    const pages = Number(readPragma(db, "page_count")) - Number(readPragma(db, "freelist_count"));
    return pages * PAGE_BYTES;
  }

  private failed(error: unknown): StoreFailure {
    const { path, log } = this.parts;
    if (isDamage(error)) return this.beginAgain(error);
    const failure = failureOf(error, path);
    if (this.place !== placeOf(path)) this.leave();
    else if (spoilsHandle(error, failure)) this.shut();
    if (failure !== this.failure) {
      const fields = { failure, code: codeOf(error), detail: (error as Error).message };
      log.write("error", "history takes no writes: going on without", fields);
    }
    this.failure = failure;
    return failure;
  }

  private beginAgain(error: unknown): StoreFailure {
    const { path, log } = this.parts;
    this.shut();
    try {
      this.movedAside = moveAside(path);
      const fields = { movedTo: this.movedAside, damage: (error as Error).message };
      log.write("error", "history was damaged: starting a new one, peers have the data", fields);
    } catch {
      this.failure = failureOf(error, path);
    }
    return "broken";
  }

  /** Closing would remove the log by its name, which is now that of another file. */
  private leave(): void {
    this.standstill.spoil();
    if (this.open !== undefined) this.left.push(this.open);
    this.open = undefined;
  }

  private shut(): void {
    this.standstill.spoil();
    try {
      this.open?.db.close();
    } catch {
      // A card that failed does not take the log; what it held is lost with it.
    }
    this.open = undefined;
  }
}

/**
 * Throws where the disk lets nobody write: asked again and again, while a connection that fails is
 * never let go. This process has no connection then, whose locks a second descriptor would drop.
 */
function probe(path: string): void {
  closeSync(openSync(path, "r+"));
  if (statSync(path).size > 0 || statfsSync(dirname(path)).bavail > 0) return;
  throw Object.assign(new Error("no space for a new file"), { code: "ENOSPC" });
}

function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB|FORMAT|SCHEMA|MISMATCH|ERROR)/.test(codeOf(error));
}

function configure(db: Database, bytesMax: number): void {
  setPragma(db, `page_size = ${PAGE_BYTES}`);
  setPragma(db, "locking_mode = EXCLUSIVE");
  // A full or failing disk under a mapped file kills the process.
  setPragma(db, "mmap_size = 0");
  readPragma(db, "journal_mode = WAL");
  // Peers have the readings too: a power cut may take minutes, and no commit waits for the card.
  setPragma(db, "synchronous = NORMAL");
  setPragma(db, `max_page_count = ${Math.floor(bytesMax / PAGE_BYTES)}`);
  setPragma(db, `wal_autocheckpoint = ${LOG_PAGES_MAX}`);
  setPragma(db, `journal_size_limit = ${LOG_PAGES_MAX * PAGE_BYTES}`);
  setPragma(db, `cache_size = -${CACHE_KIB_MAX}`);
  setPragma(db, "temp_store = MEMORY");
}
