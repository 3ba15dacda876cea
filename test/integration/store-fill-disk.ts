import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Level, Log } from "../../src/base/log.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store, StoreFailure } from "../../src/store/port.ts";
import { assertHistory, batchAt } from "./store-history.ts";

// Lets a store's disk fill up and empty again, and lets it turn read-only, under an open store.
// Says as JSON what the store answered and logged.

const folder = process.argv[2] ?? "";
const COMMITS_MAX = 5_000;
const lines: [Level, string][] = [];
const log: Log = { write: (level, message) => lines.push([level, message]) };

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });

function open(path: string): Store {
  const opened = openStore(path, log);
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

/** Commits on from `from`, as both durabilities in turn, until one fails. */
function commitUntilRefused(store: Store, from: number): { last: number; failure: StoreFailure } {
  for (let at = from; at < from + COMMITS_MAX; at++) {
    const done = store.commit(batchAt(at), at % 2 === 0 ? "durable" : "batched");
    if (!done.ok) return { last: at - 1, failure: done.error };
  }
  throw new Error("no commit was refused");
}

function fill(file: string): void {
  const sink = openSync(file, "w");
  try {
    for (const block = Buffer.alloc(1024, 1); ; ) writeSync(sink, block);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "ENOSPC");
  } finally {
    closeSync(sink);
  }
}

function fullDisk() {
  const disk = join(folder, "full");
  mkdirSync(disk);
  run("mount", "-t", "tmpfs", "-o", "size=1m", "none", disk);
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
  mkdirSync(disk);
  run("truncate", "-s", "16M", image);
  run("mkfs.ext4", "-q", image);
  run("mount", "-o", "loop", image, disk);
  const path = join(disk, "state.db");
  const store = open(path);
  for (let at = 1; at <= 20; at++) assert.ok(store.commit(batchAt(at), "durable").ok);
  // What ext4 does to itself when the card fails; a plain remount is refused while files are open.
  run("mount", "-o", "remount,abort", disk);
  const { last, failure } = commitUntilRefused(store, 21);
  assert.equal(assertHistory(store.load()), last);
  const again = store.commit(batchAt(last + 1), "durable");
  assert.equal(assertHistory(store.load()), last, "reads go on");
  const state = store.state().failure;
  store.close();
  const restart = openStore(path, log);
  return { failure, again, state, last, restart, log: lines.splice(0) };
}

process.stdout.write(JSON.stringify({ full: fullDisk(), readOnly: readOnlyDisk() }));
