import type { NodeId } from "../base/id.ts";
import { ok, type Result } from "../base/result.ts";
import { type Clock, SECOND_MS } from "../base/time.ts";
import type { Peer } from "../overlay/messages.ts";
import type { EntryCodec } from "../replica/entry-codec.ts";
import type { Held } from "../replica/origin-state.ts";
import type { Replica } from "../replica/replica.ts";
import type {
  Durability,
  OriginChange,
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

  constructor(
    private readonly store: Store,
    private readonly replica: Replica,
    private readonly self: NodeId,
    private readonly clock: Clock,
  ) {}

  /** Fills the replica from the store. Rows that are none are left out. */
  restore(snapshot: Snapshot, codec: EntryCodec): void {
    for (const { origin, coverage, entries } of snapshot.origins) {
      const held = entries.map((row) => this.heldOf(row, codec)).filter((row) => row !== undefined);
      this.replica.restore(origin, coverage, held);
    }
  }

  /** Notes what the replica changed since the last call. */
  gather(): void {
    for (const [origin, rows] of this.replica.takeChanges()) {
      const known = this.dirty.get(origin);
      if (known === undefined) this.dirty.set(origin, new Set(rows));
      else for (const row of rows) known.add(row);
    }
  }

  /** Writes this node's own changes, or everybody's. Kept for the next time where it fails. */
  flush(whose: "own" | "all", durability: Durability): Result<void, StoreFailure> {
    this.gather();
    const origins = whose === "own" ? [this.self] : [...this.dirty.keys()];
    const changes = origins.filter((origin) => this.dirty.has(origin));
    if (changes.length === 0 && durability === "batched") return ok(undefined);
    const result = this.store.commit(
      { origins: changes.map((origin) => this.changeOf(origin)) },
      durability,
    );
    if (result.ok) for (const origin of changes) this.dirty.delete(origin);
    return result;
  }

  /** Keeps where peers were met, for the day when nothing else is known. */
  remember(peers: readonly Peer[]): void {
    const lastLinkedWallMs = this.clock.wallMs();
    this.store.commit(
      { remember: peers.map((peer) => ({ ...peer, lastLinkedWallMs })) },
      "batched",
    );
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
