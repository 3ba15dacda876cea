import type { NodeId } from "../base/id.ts";
import { ok, type Result } from "../base/result.ts";
import { type Clock, type Millis, SECOND_MS } from "../base/time.ts";
import type { Peer } from "../overlay/messages.ts";
import type { EntryCodec } from "../replica/entry-codec.ts";
import type { Held } from "../replica/origin-state.ts";
import type { Replica } from "../replica/replica.ts";
import type {
  Durability,
  OriginChange,
  RememberedPeer,
  Snapshot,
  Store,
  StoredEntry,
  StoreFailure,
} from "../store/port.ts";

/** What this node wrote goes to the disk this often; a power cut may take that much of it. */
export const OWN_FLUSH_MS = 5 * SECOND_MS;
/** What others wrote waits longer, to spare the card: they have it themselves. */
export const OTHERS_FLUSH_MS = 60 * SECOND_MS;

/** Keeps the store in step with the replica, in batches. */
export class Persistence {
  private readonly dirty = new Map<NodeId, Set<string>>();
  /** Origins dropped whole that the store did not drop yet. */
  private readonly gone = new Set<NodeId>();
  /** Peers met that the store did not take yet. */
  private readonly met = new Map<NodeId, RememberedPeer>();
  private reopened = 0;
  private flushedMs: Millis;

  constructor(
    private readonly store: Store,
    private readonly replica: Replica,
    private readonly self: NodeId,
    private readonly clock: Clock,
  ) {
    this.flushedMs = clock.monotonicMs();
  }

  /** When the store was last asked to take what is new, monotonic; it may have failed. */
  get askedMs(): Millis {
    return this.flushedMs;
  }

  /** Fills the replica from the store. Rows that are none are left out. */
  restore(snapshot: Snapshot, codec: EntryCodec): void {
    for (const { origin, coverage, entries } of snapshot.origins) {
      const held = entries.map((row) => this.heldOf(row, codec)).filter((row) => row !== undefined);
      this.replica.restore(origin, coverage, held);
    }
  }

  /** Notes what the replica changed since the last call. */
  gather(): void {
    for (const origin of this.replica.takeDropped()) {
      this.gone.add(origin);
      this.dirty.delete(origin);
    }
    for (const [origin, rows] of this.replica.takeChanges()) this.note(origin, rows);
  }

  /** Writes this node's own changes, or everybody's. Kept for the next time where it fails. */
  flush(whose: "own" | "all", durability: Durability): Result<void, StoreFailure> {
    const done = this.flushOnce(whose, durability);
    this.flushedMs = this.clock.monotonicMs();
    if (!done.ok || !this.findReopened()) return done;
    return this.flushOnce("all", "durable");
  }

  /** Writes everything, and leaves nothing of what was there before in any file. */
  erase(): Result<void, StoreFailure> {
    const flushed = this.flush("all", "durable");
    return flushed.ok ? this.store.commit({ scrub: "log" }, "durable") : flushed;
  }

  /** Keeps where peers were met, for the day when nothing else is known. */
  remember(peers: readonly Peer[]): void {
    const lastLinkedWallMs = this.clock.wallMs();
    for (const peer of peers) this.met.set(peer.id, { ...peer, lastLinkedWallMs });
    const done = this.store.commit({ remember: [...this.met.values()] }, "batched");
    if (done.ok) this.met.clear();
  }

  /** Why the store takes no writes now, if it does not. */
  failure(): StoreFailure | undefined {
    return this.store.state().failure;
  }

  private flushOnce(whose: "own" | "all", durability: Durability): Result<void, StoreFailure> {
    this.gather();
    // By itself and first: an origin that was dropped may have come back.
    if (this.gone.size > 0) {
      const forgotten = this.store.commit({ forget: [...this.gone] }, durability);
      if (!forgotten.ok) return forgotten;
      this.gone.clear();
    }
    const origins = whose === "own" ? [this.self] : [...this.dirty.keys()];
    const changed = origins.filter((origin) => this.dirty.has(origin));
    const remember = [...this.met.values()];
    // A store that failed is asked again even so: it may have recovered.
    const isIdle = changed.length + remember.length === 0 && this.failure() === undefined;
    if (isIdle && durability === "batched") return ok(undefined);
    const changes = changed.map((origin) => this.changeOf(origin));
    const done = this.store.commit({ origins: changes, remember }, durability);
    if (!done.ok) return done;
    for (const origin of changed) this.dirty.delete(origin);
    this.met.clear();
    return done;
  }

  /** A file that was opened again may lack what was committed to it: all is to be said anew. */
  private findReopened(): boolean {
    const { reopened } = this.store.state();
    if (reopened === this.reopened) return false;
    this.reopened = reopened;
    for (const { origin, entries } of this.store.load().origins) {
      if (this.replica.state(origin) === undefined) this.gone.add(origin);
      else {
        this.note(
          origin,
          entries.map(({ key }) => key),
        );
      }
    }
    for (const { origin, rows } of this.replica.origins()) this.note(origin, rows.keys());
    return true;
  }

  private note(origin: NodeId, rows: Iterable<string>): void {
    const known = this.dirty.get(origin) ?? new Set();
    for (const row of rows) known.add(row);
    this.dirty.set(origin, known);
  }

  private changeOf(origin: NodeId): OriginChange {
    const state = this.replica.state(origin);
    const put: StoredEntry[] = [];
    const drop: string[] = [];
    for (const row of this.dirty.get(origin) ?? []) {
      const held = state?.rows.get(row);
      if (held === undefined) drop.push(row);
      else put.push(this.rowOf(row, held));
    }
    return { origin, coverage: state?.coverage() ?? "", put, drop };
  }

  private rowOf(row: string, { entry, heardMs }: Held): StoredEntry {
    const ageMs = this.clock.monotonicMs() - heardMs;
    const { body, signature } = entry;
    return { key: row, body, signature, heardWallMs: Math.floor(this.clock.wallMs() - ageMs) };
  }

  private heldOf(row: StoredEntry, codec: EntryCodec): Held | undefined {
    const decoded = codec.decode(row.body, row.signature);
    if (!decoded.ok) return undefined;
    // A wall clock that went back says nothing about the age; then it starts now.
    const ageMs = Math.max(0, this.clock.wallMs() - row.heardWallMs);
    return { entry: decoded.value, heardMs: this.clock.monotonicMs() - ageMs };
  }
}
