import { crc32 } from "node:zlib";
import type { Database } from "better-sqlite3";
import type { Address, NodeId } from "../base/id.ts";
import { keep } from "./kept.ts";
import type { Batch, OriginChange, Snapshot, StoredEntry } from "./port.ts";

interface OriginRow {
  readonly number: number;
  readonly origin: NodeId;
  readonly coverage: string;
  readonly sum: number;
}

interface EntryRow {
  readonly origin: number;
  readonly key: string;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  readonly heard_wall_ms: number;
  readonly sum: number;
}

interface PeerRow {
  readonly id: NodeId;
  readonly addresses: string;
  readonly last_linked_wall_ms: number;
  readonly sum: number;
}

interface MetaRow {
  readonly key: string;
  readonly value: string;
  readonly sum: number;
}

/** The tables of one open database: its statements, prepared once, and what they mean. */
export class Rows {
  private readonly statements: ReturnType<typeof prepare>;
  private readonly writeAll: (batch: Batch) => void;

  constructor(db: Database) {
    this.statements = keep(prepare(db));
    this.writeAll = db.transaction((batch: Batch) => this.write(batch));
  }

  /** Writes a batch whole, or throws SQLite's error and writes none of it. */
  commit(batch: Batch): void {
    this.writeAll(batch);
  }

  /** Rows changed since the database was opened. */
  changes(): number {
    return this.statements.changes.get() ?? 0;
  }

  load(): Snapshot {
    const { origins, entries, peers, meta } = this.statements;
    const byNumber = new Map<number, StoredEntry[]>();
    const listed = origins.all().map(({ number, origin, coverage }) => {
      const list: StoredEntry[] = [];
      byNumber.set(number, list);
      return { origin, coverage, entries: list };
    });
    for (const row of keep(entries.iterate())) {
      const { key, heard_wall_ms: heardWallMs } = row;
      // Copies, since a Buffer of the addon keeps more memory than its bytes.
      const body = new Uint8Array(row.body);
      const signature = new Uint8Array(row.signature);
      byNumber.get(row.origin)?.push({ key, body, signature, heardWallMs });
    }
    return {
      origins: listed,
      remembered: peers.all().map((row) => ({
        id: row.id,
        addresses: JSON.parse(row.addresses) as Address[],
        lastLinkedWallMs: row.last_linked_wall_ms,
      })),
      meta: Object.fromEntries(meta.all().map(({ key, value }) => [key, value])),
    };
  }

  /** What is wrong with the rows themselves, or undefined. Reads every one of them. */
  damage(): string | undefined {
    const { origins, entries, peers, meta } = this.statements;
    const names = new Map<number, string>();
    for (const row of keep(origins.iterate())) {
      names.set(row.number, row.origin);
      if (row.sum !== sumOfOrigin(row)) return "an origin's row does not match its checksum";
    }
    for (const row of keep(entries.iterate())) {
      const sum = sumOfEntry(names.get(row.origin) ?? "", row, row.heard_wall_ms);
      if (row.sum !== sum) return "an entry's row does not match its checksum";
    }
    for (const row of keep(peers.iterate())) {
      if (row.sum !== sumOfPeer(row)) return "a peer's row does not match its checksum";
    }
    for (const row of keep(meta.iterate())) {
      if (row.sum !== sumOfMeta(row)) return "a row of meta does not match its checksum";
    }
    return undefined;
  }

  private write({ origins = [], forget = [], remember = [], meta = {} }: Batch): void {
    for (const change of origins) this.writeOrigin(change);
    const { forgetEntries, forgetOrigin, peer, setMeta } = this.statements;
    for (const origin of forget) {
      forgetEntries.run(origin);
      forgetOrigin.run(origin);
    }
    for (const { id, addresses: list, lastLinkedWallMs } of remember) {
      const addresses = JSON.stringify(list);
      const sum = sumOfPeer({ id, addresses, last_linked_wall_ms: lastLinkedWallMs });
      peer.run(id, addresses, lastLinkedWallMs, sum);
    }
    for (const [key, value] of Object.entries(meta)) {
      setMeta.run(key, value, sumOfMeta({ key, value }));
    }
  }

  private writeOrigin(change: OriginChange): void {
    const { origin, coverage, put: entries, drop: keys } = change;
    const { numberOf, highest, setOrigin, put, drop } = this.statements;
    const number = numberOf.get(origin) ?? (highest.get() ?? 0) + 1;
    setOrigin.run(origin, number, coverage, sumOfOrigin({ origin, number, coverage }));
    for (const entry of entries) {
      const { key, body, signature, heardWallMs } = entry;
      put.run(number, key, body, signature, heardWallMs, sumOfEntry(origin, entry, heardWallMs));
    }
    for (const key of keys) drop.run(number, key);
  }
}

// Each is kept by itself: on a file that is not sound one throws, and those before it stay.
function prepare(db: Database) {
  return {
    origins: keep(db.prepare<[], OriginRow>("SELECT * FROM origins ORDER BY number")),
    entries: keep(db.prepare<[], EntryRow>("SELECT * FROM entries ORDER BY origin, key")),
    peers: keep(db.prepare<[], PeerRow>("SELECT * FROM peers")),
    meta: keep(db.prepare<[], MetaRow>("SELECT * FROM meta")),
    numberOf: single<[string]>(db, "SELECT number FROM origins WHERE origin = ?"),
    highest: single<[]>(db, "SELECT MAX(number) FROM origins"),
    setOrigin: keep(db.prepare("INSERT OR REPLACE INTO origins VALUES (?, ?, ?, ?)")),
    put: keep(db.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)")),
    drop: keep(db.prepare("DELETE FROM entries WHERE origin = ? AND key = ?")),
    forgetEntries: keep(
      db.prepare(
        "DELETE FROM entries WHERE origin = (SELECT number FROM origins WHERE origin = ?)",
      ),
    ),
    forgetOrigin: keep(db.prepare("DELETE FROM origins WHERE origin = ?")),
    peer: keep(db.prepare("INSERT OR REPLACE INTO peers VALUES (?, ?, ?, ?)")),
    setMeta: keep(db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)")),
    changes: single<[]>(db, "SELECT total_changes()"),
  };
}

/** A statement that gives one number, or nothing. */
function single<Parameters extends unknown[]>(db: Database, sql: string) {
  return keep(db.prepare<Parameters, number | null>(sql).pluck());
}

// JSON puts a bound between the parts, so that no two rows read as the same text.
function sumOf(parts: readonly (string | number)[], bytes: readonly Uint8Array[] = []): number {
  // Zlib starts anew at an empty buffer.
  const filled = bytes.filter(({ length }) => length > 0);
  return filled.reduce((sum, part) => crc32(part, sum), crc32(JSON.stringify(parts)));
}

function sumOfOrigin({ origin, number, coverage }: Omit<OriginRow, "sum">): number {
  return sumOf([origin, number, coverage]);
}

function sumOfEntry(
  origin: string,
  { key, body, signature }: Pick<StoredEntry, "key" | "body" | "signature">,
  heardWallMs: number,
): number {
  return sumOf([origin, key, heardWallMs, body.length], [body, signature]);
}

function sumOfPeer({ id, addresses, last_linked_wall_ms: at }: Omit<PeerRow, "sum">): number {
  return sumOf([id, addresses, at]);
}

function sumOfMeta({ key, value }: Omit<MetaRow, "sum">): number {
  return sumOf([key, value]);
}
