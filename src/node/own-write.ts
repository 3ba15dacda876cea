import type { NodeId } from "../base/id.ts";
import type { Clock } from "../base/time.ts";
import type { Entry } from "../replica/entry.ts";
import type { Replica } from "../replica/replica.ts";
import type { Writer } from "../replica/writer.ts";
import type { Durability, StoreFailure } from "../store/port.ts";
import type { Persistence } from "./persistence.ts";

export interface OwnWriteParts {
  readonly self: NodeId;
  readonly writer: Writer;
  readonly replica: Replica;
  readonly persistence: Persistence;
  readonly clock: Clock;
}

/** What is to be spread, and why the write was not kept, if it was not. */
export interface OwnWrite {
  readonly entries: readonly Entry[];
  readonly failure: StoreFailure | undefined;
}

/**
 * Writes a value of this node's own; a durable one is on the disk afterwards. Where it can't be,
 * what was there before is said again: who is told that a write was not kept must not find it done
 * once the disk is well.
 */
export function writeOwn(
  { self, writer, replica, persistence, clock }: OwnWriteParts,
  key: string,
  value: Uint8Array | undefined,
  durability: Durability,
): OwnWrite {
  const write = (what: Uint8Array | undefined) =>
    writer.write(key, what, clock.monotonicMs(), clock.wallMs());
  if (durability === "batched") return { entries: write(value), failure: undefined };
  // A store that is known to fail is asked before there is anything to undo.
  if (persistence.failure() !== undefined) {
    const tried = persistence.flush("own", "durable");
    if (!tried.ok) return { entries: [], failure: tried.error };
  }
  const before = replica.get(self, key)?.entry.value;
  const entries = write(value);
  const flushed = persistence.flush("own", "durable");
  if (flushed.ok) return { entries, failure: undefined };
  const others = entries.filter((entry) => entry.key !== key);
  return { entries: [...others, ...write(before)], failure: flushed.error };
}
