import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import SQLite, { type Database } from "better-sqlite3";
import { silentLog } from "../../src/base/log.ts";
import { connect, NewerSchema } from "../../src/store/connection.ts";
import { prepareHistory } from "../../src/store/history-rows.ts";
import { keep, readPragma, setPragma } from "../../src/store/kept.ts";
import { migrate, STATE_STEPS, type Step, stepBack } from "../../src/store/migrations.ts";
import { openStore } from "../../src/store/open.ts";
import type { Snapshot } from "../../src/store/port.ts";
import { tempFolder } from "./backup-files.ts";
import { assertHistory, batchAt } from "./store-history.ts";

/** What the next version might do: a column, a table made of what is there, an index. */
const NEXT: Step = {
  up: `ALTER TABLE entries ADD COLUMN size INTEGER;
    UPDATE entries SET size = length(body);
    CREATE TABLE sizes (origin INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
    INSERT INTO sizes SELECT origin, sum(size) FROM entries GROUP BY origin;
    CREATE INDEX by_size ON entries (size);
    ALTER TABLE peers RENAME TO known_peers;`,
  down: `ALTER TABLE known_peers RENAME TO peers;
    DROP INDEX by_size; DROP TABLE sizes; ALTER TABLE entries DROP COLUMN size;`,
};
const STEPS = [...STATE_STEPS, NEXT];
const COMMITS = 60;
/** Of a log's header and of each frame's (SQLite's file format, section 4.1). */
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const PAGE_BYTES = 2_048;

/** A store of this version at `path`, closed. */
function makeStore(path: string): Snapshot {
  const opened = openStore(path, silentLog);
  assert.ok(opened.ok);
  for (let at = 1; at <= COMMITS; at++) assert.ok(opened.value.commit(batchAt(at), "durable").ok);
  const snapshot = opened.value.load();
  opened.value.close();
  return snapshot;
}

/** The next version's database without its own rows class: opened, migrated, closed. */
function upgrade(path: string, step: Step = NEXT): void {
  const db = keep(new SQLite(path));
  migrate(db, [...STATE_STEPS, step]);
  db.close();
}

function columns(path: string, what: string): unknown {
  const db = keep(new SQLite(path));
  const rows = keep(db.prepare(what)).all();
  db.close();
  return rows;
}

/** What this version makes of a file; fails where that is not all of the data. */
function assertOpens(path: string, expected: Snapshot, what: string): void {
  const opened = openStore(path, silentLog);
  assert.ok(opened.ok, `${what}: ${opened.ok ? "" : opened.error}`);
  assert.equal(opened.value.state().movedAside, undefined, what);
  assert.deepEqual(opened.value.load(), expected, what);
  opened.value.close();
}

test("the next version's schema goes up, and an older program takes it back by one", (t) => {
  const path = join(tempFolder(t), "state.db");
  const snapshot = makeStore(path);
  for (let round = 0; round < 2; round++) {
    upgrade(path);
    assert.equal(readFileSync(path).readInt32BE(60), STEPS.length);
    const [{ total }] = columns(path, "SELECT sum(bytes) AS total FROM sizes") as [
      { total: number },
    ];
    const bodies = snapshot.origins.flatMap(({ entries }) => entries.map(({ body }) => body));
    assert.equal(
      total,
      bodies.reduce((sum, { length }) => sum + length, 0),
    );
    const logged: unknown[] = [];
    const opened = openStore(path, { write: (...line) => logged.push(line) });
    assert.ok(opened.ok, opened.ok ? "" : opened.error);
    assert.match(
      JSON.stringify(logged),
      /^\[\["warn","the store was a newer version's.*"schema":2/,
    );
    assert.deepEqual(opened.value.load(), snapshot);
    opened.value.close();
    const names = JSON.stringify(columns(path, "SELECT name FROM sqlite_schema"));
    assert.doesNotMatch(names, /sizes|by_size|known_peers/);
  }
  const opened = openStore(path, silentLog);
  assert.ok(opened.ok);
  assert.ok(opened.value.commit(batchAt(COMMITS + 1), "durable").ok);
  assert.equal(assertHistory(opened.value.load()), COMMITS + 1, "and it goes on");
  opened.value.close();
});

test("a version number that nothing in the file bears out is a flipped bit: it is set right", (t) => {
  const path = join(tempFolder(t), "state.db");
  const snapshot = makeStore(path);
  for (const number of [STEPS.length, 99, 0x08000001, 0, -5]) {
    const bytes = readFileSync(path);
    bytes.writeInt32BE(number, 60);
    writeFileSync(path, bytes);
    const logged: unknown[] = [];
    const opened = openStore(path, { write: (...line) => logged.push(line) });
    assert.ok(opened.ok, `schema ${number}`);
    assert.deepEqual(opened.value.load(), snapshot, `schema ${number}`);
    opened.value.close();
    assert.match(JSON.stringify(logged), /^\[\["error","the store's schema number was damaged/);
    assert.equal(readFileSync(path).readInt32BE(60), STATE_STEPS.length);
  }
  upgrade(path);
  const newer = keep(new SQLite(path));
  setPragma(newer, "user_version = 1");
  newer.close();
  assertOpens(path, snapshot, "one that is newer and says it is not");
});

test("what has no sound way back is refused with one line, and left as it is", (t) => {
  const path = join(tempFolder(t), "state.db");
  const refuses = (what: string, change: (db: Database) => void) => {
    rmSync(path, { force: true });
    makeStore(path);
    const db = keep(new SQLite(path));
    change(db);
    db.close();
    const before = readFileSync(path);
    const opened = openStore(path, silentLog);
    assert.match(opened.ok ? "opened" : opened.error, /newer watercooler.*: upgrade/, what);
    assert.ok(readFileSync(path).equals(before), what);
    assert.throws(() => connect(path, "old"), NewerSchema, what);
  };
  refuses("two versions newer", (db) => migrate(db, [...STEPS, { up: "", down: "" }]));
  refuses("a damaged way back", (db) => {
    migrate(db, STEPS);
    db.exec("UPDATE ways_back SET sql = sql || ' '");
  });
  refuses("a way back that loses a table", (db) =>
    migrate(db, [...STATE_STEPS, { up: "", down: "DROP TABLE peers" }]),
  );
  refuses("a way back that breaks a row's sum", (db) =>
    migrate(db, [...STATE_STEPS, { up: "", down: "UPDATE meta SET value = value || 'x'" }]),
  );
  refuses("a way back that reaches beyond the file", (db) =>
    migrate(db, [...STATE_STEPS, { up: "", down: "ATTACH 'evil.db' AS evil" }]),
  );
});

/** The files at `from` while `change` is in the log and not yet in the database. */
function filesAmid(from: string, to: string, change: (db: Database) => void) {
  copyFileSync(from, to);
  const db = keep(new SQLite(to));
  setPragma(db, "locking_mode = EXCLUSIVE");
  assert.equal(readPragma(db, "journal_mode = WAL"), "wal");
  setPragma(db, "wal_autocheckpoint = 0");
  change(db);
  const before = readFileSync(from);
  const log = readFileSync(`${to}-wal`);
  db.close();
  return { before, log, after: readFileSync(to) };
}

test("the power goes amid a migration, up or back: all the data is there in either version", (t) => {
  const folder = tempFolder(t);
  const [old, newer] = [join(folder, "old.db"), join(folder, "newer.db")];
  const snapshot = makeStore(old);
  copyFileSync(old, newer);
  upgrade(newer);
  const ways = {
    up: filesAmid(old, join(folder, "up.db"), (db) => migrate(db, STEPS)),
    back: filesAmid(newer, join(folder, "back.db"), (db) => {
      assert.ok(stepBack(db, () => true));
    }),
  };
  const path = join(folder, "cut", "state.db");
  let cuts = 0;
  const check = (database: Buffer, log: Buffer, what: string) => {
    for (const version of cuts % 3 === 0 ? ["this", "next"] : ["this"]) {
      rmSync(join(folder, "cut"), { recursive: true, force: true });
      mkdirSync(join(folder, "cut"));
      writeFileSync(path, database);
      writeFileSync(`${path}-wal`, log);
      // The next version starts first, and ends what was begun.
      if (version === "next") upgrade(path);
      assertOpens(path, snapshot, `${what}, ${version} version`);
      cuts += 1;
    }
  };
  for (const [way, { before, log, after }] of Object.entries(ways)) {
    const frame = FRAME_HEADER_BYTES + PAGE_BYTES;
    const frames = (log.length - LOG_HEADER_BYTES) / frame;
    assert.ok(frames > 5 && Number.isInteger(frames), `${frames} frames`);
    for (let at = 0; at <= frames; at++) {
      // Cut at the end of a frame, and now and then in the middle of the next one.
      for (const more of at % 4 === 0 ? [0, frame / 2] : [0]) {
        const length = LOG_HEADER_BYTES + at * frame + more;
        check(before, log.subarray(0, length), `${way}, ${length} bytes of the log`);
      }
    }
    // The log is whole and half of it has been copied into the database.
    for (const share of [0.2, 0.5, 0.8]) {
      const half = Buffer.concat([before, after.subarray(before.length)]);
      const pages = Math.floor((Math.min(before.length, after.length) * share) / PAGE_BYTES);
      after.copy(half, 0, 0, pages * PAGE_BYTES);
      check(half, log, `${way}, ${pages} pages copied`);
    }
  }
  t.diagnostic(`${cuts} cuts`);
});

test("the history's file goes up and back by one too", (t) => {
  const db = keep(new SQLite(join(tempFolder(t), "history.db")));
  assert.equal(prepareHistory(db), "ready");
  db.exec("INSERT INTO series VALUES (1, 'o', 's', 'co2', 'r')");
  const next = { up: "ALTER TABLE series ADD COLUMN unit TEXT", down: "" };
  const way = { ...next, down: "ALTER TABLE series DROP COLUMN unit" };
  // Where the steps before are done, what they were does not matter.
  const done = { up: "", down: "" };
  assert.equal(prepareHistory(db, [done, way]), "ready");
  assert.equal(readPragma(db, "user_version"), 2);
  assert.equal(prepareHistory(db), "ready");
  assert.equal(readPragma(db, "user_version"), 1);
  const [row] = keep(db.prepare("SELECT * FROM series")).all();
  assert.deepEqual(Object.keys(row as object), ["number", "origin", "sensor", "kind", "room"]);
  assert.equal(prepareHistory(db, [done, done, done]), "ready");
  assert.equal(prepareHistory(db), "newer");
  assert.equal(readPragma(db, "user_version"), 3);
  db.close();
});
