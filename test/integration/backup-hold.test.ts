import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { makeBackup } from "../../src/backup/make-backup.ts";
import { BackupHold, HOLD_MS_MAX } from "../../src/node/backup-hold.ts";
import type { SqliteStore } from "../../src/store/sqlite.ts";
import { markIn, openSqlite, order, restoreInto, stoppedNode, tempFolder } from "./backup-files.ts";

/** More than the log usually takes before it is copied into the file. */
const COMMITS = 1_500;

function write(store: SqliteStore, count: number): void {
  for (let at = 0; at < count; at++) {
    const done = store.commit({ meta: { [`key ${at % 50}`]: `${at}`.repeat(300) } }, "batched");
    assert.ok(done.ok);
  }
}

test("a held file stands still while its store takes writes, and not for ever", (t) => {
  const data = join(tempFolder(t), "data");
  stoppedNode(data, "a");
  const path = join(data, "state.db");
  const store = openSqlite(data);
  write(store, 10);
  assert.ok(store.hold().ok);
  assert.equal(statSync(`${path}-wal`).size, 0, "all of the log is in the file");
  const before = readFileSync(path);
  write(store, COMMITS);
  assert.ok(store.commit({ meta: { mark: "b" } }, "durable").ok);
  assert.ok(readFileSync(path).equals(before), "the file stood still");
  const grown = statSync(`${path}-wal`).size;
  assert.equal(store.release(), "held");
  write(store, COMMITS);
  assert.ok(!readFileSync(path).equals(before), "the log goes into the file again");
  assert.ok(statSync(`${path}-wal`).size <= grown, "and grows no more");

  assert.ok(store.hold().ok);
  // What somebody took back must not stay in a file for a backup's sake.
  assert.ok(store.commit({ scrub: "log" }, "durable").ok);
  assert.equal(store.release(), "broken");
  assert.equal(store.release(), "broken", "nothing is held");
  store.close();
  assert.equal(markIn(data), "b");
});

test("a hold ends by itself, and by the next one", () => {
  const said: string[] = [];
  const held = (name: string) => ({
    hold: () => {
      said.push(`hold ${name}`);
      return { ok: true as const, value: undefined };
    },
    release: () => {
      said.push(`release ${name}`);
      return "held" as const;
    },
    flush: () => {},
  });
  let expire = () => {};
  const timers = {
    set: (spanMs: number, callback: () => void) => {
      assert.equal(spanMs, HOLD_MS_MAX);
      expire = callback;
      return () => {};
    },
  };
  const persistence = { flush: () => ({ ok: true as const, value: undefined }) };
  const backup = new BackupHold({
    ...{ persistence, state: held("state"), history: held("history"), pid: 7, timers },
  });
  const numberOf = (file: "state" | "history") => {
    const view = backup.hold(file);
    assert.ok(view.ok);
    assert.equal(view.value.pid, 7);
    return view.value.hold;
  };
  const first = numberOf("state");
  expire();
  assert.equal(backup.release(first), "broken", "it took too long");
  const second = numberOf("history");
  const third = numberOf("state");
  assert.equal(backup.release(second), "broken", "another came");
  assert.equal(backup.release(third), "held");
  const steps = ["hold state", "release state", "hold history", "release history", "hold state"];
  assert.deepEqual(said, [...steps, "release state"]);
});

test("a copy of a file that did not stand still is made again, and a wrong node is told", async (t) => {
  const folder = tempFolder(t);
  const [data, path] = [join(folder, "data"), join(folder, "pi.backup")];
  stoppedNode(data, "a");
  const store = openSqlite(data);
  let round = 0;
  const node = {
    hold: async () => {
      round += 1;
      assert.ok(store.commit({ meta: { mark: `${round}` } }, "durable").ok);
      assert.ok(store.hold().ok);
      return { hold: round, pid: process.pid };
    },
    release: async () => {
      if (round < 3) assert.ok(store.commit({ scrub: "log" }, "durable").ok);
      return { still: store.release() === "held" };
    },
  };
  assert.ok((await makeBackup({ ...order(data, path), node })).ok);
  assert.equal(round, 3);
  const other = { ...node, hold: async () => ({ hold: 1, pid: process.pid + 1 }) };
  const path2 = join(folder, "other.backup");
  const wrong = await makeBackup({ ...order(data, path2), node: other });
  assert.match(wrong.ok ? "" : wrong.error, /does not run on .*: name the right one with --node/);
  assert.ok(!existsSync(path2) && !existsSync(`${path2}.part`));
  store.close();
  assert.ok((await restoreInto(path, join(folder, "new"))).ok);
  assert.equal(markIn(join(folder, "new")), "3");
});
