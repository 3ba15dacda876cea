import assert from "node:assert/strict";
import { utf8 } from "../../src/base/bytes.ts";
import { nodeIdOfKey, PUBLIC_KEY_BYTES } from "../../src/base/id.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Batch, Snapshot, StoredEntry } from "../../src/store/port.ts";

const ORIGINS = [1, 2, 3, 4].map((byte) =>
  nodeIdOfKey(new Uint8Array(PUBLIC_KEY_BYTES).fill(byte)),
);
const KEYS = 30;
const ENTRIES_A_COMMIT = 3;
/** Seldom: emptying the log after a removal syncs it, which would hide a commit that did not. */
const DROP_EVERY = 40;
const FORGET_EVERY = 97;

/** One commit of a made-up history that is the same every time: what is held tells how far it got. */
export function batchAt(at: number): Batch {
  const put = Array.from({ length: ENTRIES_A_COMMIT }, (_, each): StoredEntry => {
    const body = utf8(`${at}.${each} `.repeat(40));
    const signature = new Uint8Array(64).fill(at);
    return { key: `key-${(at * 7 + each) % KEYS}`, body, signature, heardWallMs: at };
  });
  const drop = at % DROP_EVERY === 0 ? [`key-${at % KEYS}`] : [];
  const origin = ORIGINS[at % ORIGINS.length] ?? nodeIdOfKey(new Uint8Array(PUBLIC_KEY_BYTES));
  const forget = at % FORGET_EVERY === 0 ? [origin] : [];
  return {
    origins: [{ origin, coverage: `seen ${at}`, put, drop }],
    forget,
    meta: { last: String(at) },
  };
}

/** How many commits of the history are in there. */
export function heldLast({ meta }: Snapshot): number {
  return Number(meta.last ?? 0);
}

/** Fails unless the store holds the history up to some commit, whole, and nothing else. */
export function assertHistory(snapshot: Snapshot, log: HistoryCache = new HistoryCache()): number {
  const last = heldLast(snapshot);
  assert.deepEqual(inOrder(snapshot), inOrder(log.upTo(last)), `the state after commit ${last}`);
  return last;
}

/** Plays the history forward only, so that a long one is not played anew each time. */
export class HistoryCache {
  private readonly store = new MemoryStore();
  private at = 0;

  upTo(last: number): Snapshot {
    assert.ok(last >= this.at, `commit ${last} is held, after ${this.at} was`);
    while (this.at < last) this.store.commit(batchAt(++this.at), "durable");
    return this.store.load();
  }
}

function inOrder({ origins, remembered, meta }: Snapshot): unknown {
  const by = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
  return {
    origins: origins
      .map((one) => ({ ...one, entries: [...one.entries].sort((a, b) => by(a.key, b.key)) }))
      .sort((a, b) => by(a.origin, b.origin)),
    remembered,
    meta,
  };
}
