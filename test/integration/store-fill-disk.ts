import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Level, Log } from "../../src/base/log.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store, StoreFailure } from "../../src/store/port.ts";
import { failCard, fill, mountCard, mountTmpfs, replaceCard } from "./small-disks.ts";
import { assertHistory, batchAt } from "./store-history.ts";

// Lets a store's disk fill up and empty again, and lets it turn read-only, under an open store.
// Says as JSON what the store answered and logged.

const folder = process.argv[2] ?? "";
const COMMITS_MAX = 5_000;
const lines: [Level, string][] = [];
const log: Log = { write: (level, message) => lines.push([level, message]) };

function open(path: string): Store {
  const opened = openStore(path, log);
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

/** What another process gets that opens the same store. */
function openElsewhere(path: string): string {
  const code = `
    const { openStore } = await import(process.argv[1]);
    const opened = openStore(process.argv[2], { write: () => {} });
    process.stdout.write(opened.ok ? "opened" : opened.error);`;
  const module = new URL("../../src/store/open.js", import.meta.url).href;
  const args = ["--input-type=module", "-e", code, module, path];
  return execFileSync(process.execPath, args, { encoding: "utf8" });
}

/** Commits on from `from`, as both durabilities in turn, until one fails. */
function commitUntilRefused(store: Store, from: number): { last: number; failure: StoreFailure } {
  for (let at = from; at < from + COMMITS_MAX; at++) {
    const done = store.commit(batchAt(at), at % 2 === 0 ? "durable" : "batched");
    if (!done.ok) return { last: at - 1, failure: done.error };
  }
  throw new Error("no commit was refused");
}

function fullDisk() {
  const disk = join(folder, "full");
  mountTmpfs(disk, "1m");
  const path = join(disk, "state.db");
  const filler = join(disk, "filler");
  let store = open(path);
  let last = 0;
  const failures: StoreFailure[] = [];
  for (let round = 0; round < 3; round++) {
    fill(filler);
    const refused = commitUntilRefused(store, last + 1);
    failures.push(refused.failure);
    last = refused.last;
    assert.equal(assertHistory(store.load()), last, "reads go on, and have no part of the refused");
    assert.equal(store.commit(batchAt(last + 1), "durable").ok, false);
    assert.equal(store.commit({}, "batched").ok, false, "nothing to write shows no recovery");
    assert.equal(store.state().failure, "full");
    rmSync(filler);
    last += 1;
    assert.deepEqual(store.commit(batchAt(last), "durable"), { ok: true, value: undefined });
    assert.equal(store.state().failure, undefined);
  }
  fill(filler);
  store.close();
  store = open(path);
  assert.equal(assertHistory(store.load()), last, "opens and reads on a full disk");
  store.close();
  return { failures, log: lines.splice(0).map(([level]) => level) };
}

function readOnlyDisk() {
  const disk = join(folder, "read-only");
  const image = join(folder, "card.img");
  mountCard(image, disk);
  const path = join(disk, "state.db");
  const store = open(path);
  for (let at = 1; at <= 20; at++) assert.ok(store.commit(batchAt(at), "durable").ok);
  failCard(disk);
  const { last, failure } = commitUntilRefused(store, 21);
  assert.equal(assertHistory(store.load()), last);
  const again = store.commit(batchAt(last + 1), "durable");
  assert.equal(assertHistory(store.load()), last, "reads go on");
  const state = store.state().failure;
  replaceCard(image, disk);
  assert.deepEqual(store.commit(batchAt(last + 1), "durable"), { ok: true, value: undefined });
  assert.equal(assertHistory(store.load()), last + 1, "the new card has all");
  assert.equal(store.state().reopened, 1);
  const second = openElsewhere(path);
  store.close();
  const later = open(path);
  assert.equal(assertHistory(later.load()), last + 1);
  later.close();
  failCard(disk);
  const restart = openElsewhere(path);
  return { failure, again, state, restart, second, log: lines.splice(0) };
}

process.stdout.write(JSON.stringify({ full: fullDisk(), readOnly: readOnlyDisk() }));
