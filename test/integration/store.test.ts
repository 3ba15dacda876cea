import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { ASIDE_FILES_MAX } from "../../src/store/aside.ts";
import { openStore } from "../../src/store/open.ts";
import type { OriginChange, Store } from "../../src/store/port.ts";

const ORIGIN = nodeIdOfKey(new Uint8Array(32));
const SECRET = "a name that must be forgotten";

function open(path: string): Store {
  const opened = openStore(path, silentLog);
  assert.ok(opened.ok, opened.ok ? "" : opened.error);
  return opened.value;
}

function inFolder(run: (path: string, folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-store-"));
  try {
    run(join(folder, "data", "state.db"), join(folder, "data"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const row = { key: "k", body: utf8(SECRET), signature: new Uint8Array(64), heardWallMs: 1 };
const put: OriginChange = { origin: ORIGIN, coverage: "{}", put: [row], drop: [] };
const drop: OriginChange = { origin: ORIGIN, coverage: "{}", put: [], drop: ["k"] };

const filesWith = (folder: string, text: string) =>
  readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text));

test("what is taken back durably is in no file, dropped or forgotten with its origin", () => {
  for (const takenBack of [{ origins: [drop] }, { forget: [ORIGIN] }]) {
    inFolder((path, folder) => {
      const store = open(path);
      store.commit({ origins: [put] }, "durable");
      assert.notDeepEqual(filesWith(folder, SECRET), []);
      store.commit(takenBack, "durable");
      assert.deepEqual(filesWith(folder, SECRET), []);
      store.close();
    });
  }
});

test("what was taken back without waiting is in no file after the next durable commit", () => {
  inFolder((path, folder) => {
    const store = open(path);
    store.commit({ origins: [put] }, "durable");
    store.commit({ origins: [drop] }, "batched");
    store.commit({ meta: { a: "1" } }, "durable");
    assert.deepEqual(filesWith(folder, SECRET), []);
    store.close();
  });
});

test("a second node on the same data is refused in one line that names the first", () => {
  inFolder((path) => {
    const store = open(path);
    const second = openStore(path, silentLog);
    assert.ok(!second.ok);
    assert.match(second.error, /^another watercooler is running.*\(pid \d+\): stop it/);
    assert.doesNotMatch(second.error, /\n/);
    store.close();
    open(path).close();
  });
});

test("the data is the daemon's own user's alone", () => {
  inFolder((path, folder) => {
    const store = open(path);
    store.commit({ origins: [put] }, "durable");
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const name of ["state.db", "state.db-wal"]) {
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
    }
    store.close();
  });
});

test(`of damaged files moved aside, the newest ${ASIDE_FILES_MAX} are kept`, () => {
  inFolder((path, folder) => {
    open(path).close();
    for (let round = 1; round <= ASIDE_FILES_MAX + 2; round++) {
      writeFileSync(path, `no database ${round} `.repeat(100));
      const store = open(path);
      assert.equal(store.state().movedAside, `${path}.corrupt-${round}`);
      assert.ok(store.commit({ meta: { a: "1" } }, "durable").ok);
      store.close();
    }
    const kept = readdirSync(folder).filter((name) => name.includes("corrupt"));
    assert.deepEqual(
      kept.sort(),
      [3, 4, 5].map((number) => `state.db.corrupt-${number}`),
    );
  });
});
