import type { Address, NodeId } from "../base/id.ts";
import type { Result } from "../base/result.ts";
import type { Millis } from "../base/time.ts";

/**
 * "durable": on the card when `commit` returns; what a person set waits for this.
 * "batched": readings; a power cut may take the last such commits, a kill -9 may not.
 */
export type Durability = "durable" | "batched";

export interface StoredEntry {
  readonly key: string;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  /** Wall clock of this machine when the entry arrived; only ever used to show an age. */
  readonly heardWallMs: Millis;
}

/** The change of one origin since the last commit; written whole or not at all. */
export interface OriginChange {
  readonly origin: NodeId;
  /** What is known to be complete of this origin, opaque here; belongs to the entries. */
  readonly coverage: string;
  readonly put: readonly StoredEntry[];
  readonly drop: readonly string[];
}

/** A peer once linked to or heard of; never forgotten for failing alone. */
export interface RememberedPeer {
  readonly id: NodeId;
  readonly addresses: readonly Address[];
  readonly lastLinkedWallMs: Millis;
}

export interface Batch {
  readonly origins?: readonly OriginChange[];
  /** Origins whose rows all go. */
  readonly forget?: readonly NodeId[];
  readonly remember?: readonly RememberedPeer[];
  /** Small facts of the node itself, `incarnation` among them. */
  readonly meta?: Readonly<Record<string, string>>;
  /** "log": what rows held before is to be in no file either, once the commit is durable. */
  readonly scrub?: "log";
}

export interface Snapshot {
  readonly origins: readonly {
    readonly origin: NodeId;
    readonly coverage: string;
    readonly entries: readonly StoredEntry[];
  }[];
  readonly remembered: readonly RememberedPeer[];
  readonly meta: Readonly<Record<string, string>>;
}

/** Why a commit did not happen. Nothing of its batch is in the store then. */
export type StoreFailure = "full" | "read-only" | "broken";

export interface StoreState {
  readonly path: string;
  readonly bytes: number;
  readonly commits: number;
  /** Commits that waited for the disk. */
  readonly syncs: number;
  readonly failure: StoreFailure | undefined;
  /** Times the file was opened again: it may then lack the newest commits, batched or durable. */
  readonly reopened: number;
  /** Where a damaged file was moved at start, if one was. */
  readonly movedAside: string | undefined;
}

/** A file that another process can copy while its node runs. */
export interface Holdable {
  /** The file has all that was committed, and stands still until `release`. */
  hold(): Result<void, StoreFailure>;
  /** "broken": it did not stand still, and what was copied is of no use. */
  release(): "held" | "broken";
}

/** What a node keeps over restarts. All calls are synchronous, as better-sqlite3's are. */
export interface Store {
  load(): Snapshot;
  commit(batch: Batch, durability: Durability): Result<void, StoreFailure>;
  state(): StoreState;
  close(): void;
}
