import type { NodeId } from "../base/id.ts";
import { type Random, randomInt } from "../base/random.ts";
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
} from "../store/port.ts";

interface Image {
  readonly coverage: Map<NodeId, string>;
  readonly rows: Map<NodeId, Map<string, StoredEntry>>;
  readonly peers: Map<NodeId, RememberedPeer>;
  readonly meta: Map<string, string>;
}

/**
 * A card with a database on it, as SQLite's WAL behaves: each batch is there whole or not at all,
 * a kill takes nothing that was committed, a power cut takes some of the last batched commits
 * (never one from the middle) and no durable one.
 */
export class SimDisk implements Store {
  /** What the next commit meets. */
  failure: StoreFailure | undefined;
  private image: Image = emptyImage();
  /** Batches that are in the machine's memory, not on the card. */
  private cached: Batch[] = [];
  private commits = 0;
  private syncs = 0;

  load(): Snapshot {
    const { coverage, rows, peers, meta } = this.settle(this.cached.length);
    return {
      origins: [...coverage].map(([origin, said]) => ({
        origin,
        coverage: said,
        entries: [...(rows.get(origin)?.values() ?? [])],
      })),
      remembered: [...peers.values()],
      meta: Object.fromEntries(meta),
    };
  }

  commit(batch: Batch, durability: Durability): Result<void, StoreFailure> {
    if (this.failure !== undefined) return err(this.failure);
    this.cached.push(batch);
    this.commits += 1;
    if (durability === "durable") {
      this.syncs += 1;
      this.settle(this.cached.length);
    }
    return ok(undefined);
  }

  state(): StoreState {
    const { commits, syncs, failure } = this;
    const reopened = 0;
    return { path: "", bytes: 0, commits, syncs, failure, reopened, movedAside: undefined };
  }

  close(): void {}

  /** Loses what a power cut takes: gives how many commits that were. */
  powerCut(random: Random): number {
    const kept = randomInt(random, this.cached.length + 1);
    const lost = this.cached.length - kept;
    this.settle(kept);
    return lost;
  }

  /** A copy of all that is on the card: a backup, or a cloned card. */
  copy(): SimDisk {
    const { coverage, rows, peers, meta } = this.settle(this.cached.length);
    const twin = new SimDisk();
    twin.image = {
      coverage: new Map(coverage),
      rows: new Map([...rows].map(([origin, own]) => [origin, new Map(own)])),
      peers: new Map(peers),
      meta: new Map(meta),
    };
    return twin;
  }

  /** The database was damaged and moved aside: nothing is left of it. */
  lose(): void {
    this.image = emptyImage();
    this.cached = [];
  }

  private settle(count: number): Image {
    for (const batch of this.cached.slice(0, count)) apply(this.image, batch);
    this.cached = [];
    return this.image;
  }
}

function apply({ coverage, rows, peers, meta }: Image, batch: Batch): void {
  for (const change of batch.origins ?? []) {
    coverage.set(change.origin, change.coverage);
    const own = rows.get(change.origin) ?? new Map<string, StoredEntry>();
    for (const row of change.put) own.set(row.key, row);
    for (const key of change.drop) own.delete(key);
    rows.set(change.origin, own);
  }
  for (const origin of batch.forget ?? []) {
    coverage.delete(origin);
    rows.delete(origin);
  }
  for (const peer of batch.remember ?? []) peers.set(peer.id, peer);
  for (const [key, value] of Object.entries(batch.meta ?? {})) meta.set(key, value);
}

function emptyImage(): Image {
  return { coverage: new Map(), rows: new Map(), peers: new Map(), meta: new Map() };
}
