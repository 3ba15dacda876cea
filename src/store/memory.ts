import type { NodeId } from "../base/id.ts";
import { ok, type Result } from "../base/result.ts";
import type {
  Batch,
  Durability,
  RememberedPeer,
  Snapshot,
  Store,
  StoredEntry,
  StoreFailure,
  StoreState,
} from "./port.ts";

interface Disk {
  readonly coverage: Map<NodeId, string>;
  readonly entries: Map<NodeId, Map<string, StoredEntry>>;
  readonly peers: Map<NodeId, RememberedPeer>;
  readonly meta: Map<string, string>;
}

/** The twin of the SQLite store, which can lose power. */
export class MemoryStore implements Store {
  private disk: Disk = emptyDisk();
  private durable: Disk = emptyDisk();
  private commits = 0;
  private syncs = 0;

  load(): Snapshot {
    const { coverage, entries, peers, meta } = this.disk;
    return {
      origins: [...coverage].map(([origin, said]) => ({
        origin,
        coverage: said,
        entries: [...(entries.get(origin)?.values() ?? [])],
      })),
      remembered: [...peers.values()],
      meta: Object.fromEntries(meta),
    };
  }

  commit(batch: Batch, durability: Durability): Result<void, StoreFailure> {
    const { coverage, entries, peers, meta } = this.disk;
    for (const change of batch.origins ?? []) {
      coverage.set(change.origin, change.coverage);
      const rows = entries.get(change.origin) ?? new Map<string, StoredEntry>();
      for (const row of change.put) rows.set(row.key, row);
      for (const key of change.drop) rows.delete(key);
      entries.set(change.origin, rows);
    }
    for (const origin of batch.forget ?? []) {
      coverage.delete(origin);
      entries.delete(origin);
    }
    for (const peer of batch.remember ?? []) peers.set(peer.id, peer);
    for (const [key, value] of Object.entries(batch.meta ?? {})) meta.set(key, value);
    this.commits += 1;
    if (durability === "durable") {
      this.syncs += 1;
      this.durable = structuredClone(this.disk);
    }
    return ok(undefined);
  }

  state(): StoreState {
    const { commits, syncs } = this;
    return { path: "", bytes: 0, commits, syncs, failure: undefined, movedAside: undefined };
  }

  close(): void {}

  /** Loses what a power cut takes: all since the last durable commit. */
  powerCut(): void {
    this.disk = structuredClone(this.durable);
  }
}

function emptyDisk(): Disk {
  return { coverage: new Map(), entries: new Map(), peers: new Map(), meta: new Map() };
}
