import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
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

/** What the store holds, as an open file or as the card under it. */
class Image {
  private readonly coverage = new Map<NodeId, string>();
  private readonly entries = new Map<NodeId, Map<string, StoredEntry>>();
  private readonly peers = new Map<NodeId, RememberedPeer>();
  private readonly meta = new Map<string, string>();

  apply({ origins = [], forget = [], remember = [], meta = {} }: Batch): void {
    for (const change of origins) {
      this.coverage.set(change.origin, change.coverage);
      const rows = this.entries.get(change.origin) ?? new Map<string, StoredEntry>();
      for (const row of change.put) rows.set(row.key, row);
      for (const key of change.drop) rows.delete(key);
      this.entries.set(change.origin, rows);
    }
    for (const origin of forget) {
      this.coverage.delete(origin);
      this.entries.delete(origin);
    }
    for (const peer of remember) this.peers.set(peer.id, peer);
    for (const [key, value] of Object.entries(meta)) this.meta.set(key, value);
  }

  snapshot(): Snapshot {
    return {
      origins: [...this.coverage].map(([origin, coverage]) => ({
        origin,
        coverage,
        entries: [...(this.entries.get(origin)?.values() ?? [])],
      })),
      remembered: [...this.peers.values()],
      meta: Object.fromEntries(this.meta),
    };
  }
}

/**
 * The twin of the SQLite store, with a model of what the card has: all up to the last durable
 * commit, and as much of the batched ones after it as the power cut leaves.
 */
export class MemoryStore implements Store {
  private file = new Image();
  private readonly card = new Image();
  /** Committed since the last durable commit, oldest first. */
  private unsynced: Batch[] = [];
  private commits = 0;
  private syncs = 0;
  private fault: StoreFailure | undefined;
  private failure: StoreFailure | undefined;
  private life: "open" | "closed" = "open";

  load(): Snapshot {
    return this.file.snapshot();
  }

  commit(batch: Batch, durability: Durability): Result<void, StoreFailure> {
    if (this.life === "closed") return err("broken");
    this.failure = this.fault;
    if (this.failure !== undefined) return err(this.failure);
    this.file.apply(batch);
    this.unsynced.push(batch);
    this.commits += 1;
    if (durability === "durable") {
      this.syncs += 1;
      this.sync(this.unsynced.length);
    }
    return ok(undefined);
  }

  state(): StoreState {
    const { commits, syncs, failure } = this;
    const path = "memory";
    return { path, bytes: 0, commits, syncs, failure, reopened: 0, movedAside: undefined };
  }

  /** As a clean end does: what was committed is on the card. */
  close(): void {
    if (this.life === "closed") return;
    this.sync(this.unsynced.length);
    this.life = "closed";
  }

  /** Every commit from now on fails like this, until told `undefined`. */
  fail(fault: StoreFailure | undefined): void {
    this.fault = fault;
  }

  /** The process dies: what was committed stays, also what was only batched. Open afterwards. */
  crash(): void {
    this.life = "open";
  }

  /**
   * The power goes: batched commits since the last durable one are lost, but for the oldest `kept`,
   * which had already reached the card. Open afterwards.
   */
  powerCut(kept = 0): void {
    this.sync(kept);
    this.unsynced = [];
    this.file = new Image();
    this.file.apply(wholeOf(this.card.snapshot()));
    this.life = "open";
  }

  /** Batched commits that a power cut may take. */
  get unsyncedCommits(): number {
    return this.unsynced.length;
  }

  /** A copy of all that is in the file, on a card of its own: a backup, or a cloned card. */
  copy(): MemoryStore {
    const twin = new MemoryStore();
    twin.commit(wholeOf(this.load()), "durable");
    return twin;
  }

  private sync(count: number): void {
    for (const batch of this.unsynced.splice(0, count)) this.card.apply(batch);
  }
}

function wholeOf({ origins, remembered, meta }: Snapshot): Batch {
  return {
    origins: origins.map(({ entries, ...origin }) => ({ ...origin, put: entries, drop: [] })),
    remember: remembered,
    meta,
  };
}
