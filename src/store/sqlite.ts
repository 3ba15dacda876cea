import { statSync } from "node:fs";
import type { Database, Statement } from "better-sqlite3";
import type { Address, NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type {
  Batch,
  Durability,
  OriginChange,
  Snapshot,
  Store,
  StoredEntry,
  StoreFailure,
  StoreState,
} from "./port.ts";

interface Row {
  origin: string;
  key: string;
  body: Buffer;
  signature: Buffer;
  heard_wall_ms: number;
}

/** The store in one SQLite file, in write-ahead-log mode. */
export class SqliteStore implements Store {
  private readonly statements: Readonly<Record<string, Statement>>;
  private commits = 0;
  private syncs = 0;
  private failure: StoreFailure | undefined;
  private synchronous: Durability = "durable";

  constructor(
    private readonly db: Database,
    private readonly path: string,
    private readonly movedAside: string | undefined,
  ) {
    this.statements = {
      origin: db.prepare("INSERT OR REPLACE INTO origins VALUES (?, ?)"),
      put: db.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)"),
      drop: db.prepare("DELETE FROM entries WHERE origin = ? AND key = ?"),
      forgetEntries: db.prepare("DELETE FROM entries WHERE origin = ?"),
      forgetOrigin: db.prepare("DELETE FROM origins WHERE origin = ?"),
      peer: db.prepare("INSERT OR REPLACE INTO peers VALUES (?, ?, ?)"),
      meta: db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
    };
  }

  load(): Snapshot {
    const entries = new Map<string, StoredEntry[]>();
    for (const row of this.db.prepare("SELECT * FROM entries").all() as Row[]) {
      const { origin, key, heard_wall_ms: heardWallMs } = row;
      const body = new Uint8Array(row.body);
      const signature = new Uint8Array(row.signature);
      const list = entries.get(origin) ?? [];
      list.push({ key, body, signature, heardWallMs });
      entries.set(origin, list);
    }
    const origins = this.db.prepare("SELECT * FROM origins").all() as {
      origin: string;
      coverage: string;
    }[];
    const peers = this.db.prepare("SELECT * FROM peers").all() as {
      id: string;
      addresses: string;
      last_linked_wall_ms: number;
    }[];
    const meta = this.db.prepare("SELECT * FROM meta").all() as { key: string; value: string }[];
    return {
      origins: origins.map(({ origin, coverage }) => ({
        origin: origin as NodeId,
        coverage,
        entries: entries.get(origin) ?? [],
      })),
      remembered: peers.map((row) => ({
        id: row.id as NodeId,
        addresses: JSON.parse(row.addresses) as Address[],
        lastLinkedWallMs: row.last_linked_wall_ms,
      })),
      meta: Object.fromEntries(meta.map(({ key, value }) => [key, value])),
    };
  }

  commit(batch: Batch, durability: Durability): Result<void, StoreFailure> {
    const removes =
      (batch.forget?.length ?? 0) > 0 || batch.origins?.some(({ drop }) => drop.length > 0);
    try {
      this.wait(durability);
      this.db.transaction(() => this.write(batch))();
      // What was taken back must be gone from the log too, not only from the file.
      if (durability === "durable" && removes) this.db.pragma("wal_checkpoint(TRUNCATE)");
      this.commits += 1;
      if (durability === "durable") this.syncs += 1;
      this.failure = undefined;
      return ok(undefined);
    } catch (error) {
      this.failure = failureOf(error);
      return err(this.failure);
    }
  }

  state(): StoreState {
    let bytes = 0;
    for (const file of [this.path, `${this.path}-wal`]) {
      bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    }
    const { path, commits, syncs, failure, movedAside } = this;
    return { path, bytes, commits, syncs, failure, movedAside };
  }

  close(): void {
    this.db.close();
  }

  /** better-sqlite3 makes WAL silently mean NORMAL: a power cut takes acknowledged rows. */
  private wait(durability: Durability): void {
    if (this.synchronous === durability) return;
    this.db.pragma(`synchronous = ${durability === "durable" ? "FULL" : "NORMAL"}`);
    this.synchronous = durability;
  }

  private write({ origins = [], forget = [], remember = [], meta = {} }: Batch): void {
    for (const change of origins) this.writeOrigin(change);
    for (const origin of forget) {
      this.statements.forgetEntries?.run(origin);
      this.statements.forgetOrigin?.run(origin);
    }
    for (const { id, addresses, lastLinkedWallMs } of remember) {
      this.statements.peer?.run(id, JSON.stringify(addresses), Math.floor(lastLinkedWallMs));
    }
    for (const [key, value] of Object.entries(meta)) this.statements.meta?.run(key, value);
  }

  private writeOrigin({ origin, coverage, put, drop }: OriginChange): void {
    this.statements.origin?.run(origin, coverage);
    for (const { key, body, signature, heardWallMs } of put) {
      this.statements.put?.run(origin, key, body, signature, Math.floor(heardWallMs));
    }
    for (const key of drop) this.statements.drop?.run(origin, key);
  }
}

function failureOf(error: unknown): StoreFailure {
  const code = String((error as { code?: string }).code ?? "");
  if (code.startsWith("SQLITE_FULL")) return "full";
  if (code.startsWith("SQLITE_READONLY")) return "read-only";
  // A full file system shows as a failed write when it hits the log.
  if (code.startsWith("SQLITE_IOERR_WRITE") || code.startsWith("SQLITE_IOERR_SHMSIZE"))
    return "full";
  return code.startsWith("SQLITE_CANTOPEN") ? "read-only" : "broken";
}
