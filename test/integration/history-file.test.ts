import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { err } from "../../src/base/result.ts";
import type { HistoryFile } from "../../src/store/history.ts";
import { idOf } from "./api-fake-office.ts";
import { HistoryRig, HOUR_MS, MINUTE_MS, readingEntry, START_MS } from "./history-rig.ts";

const OTHER = idOf(2);
const DAY_MS = 24 * HOUR_MS;

function path(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-history-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "history.db");
}

test("what was flushed is there after a kill, in closed hours and in the open one", async (t) => {
  const at = path(t);
  const rig = new HistoryRig(at);
  const endMs = START_MS + 3 * HOUR_MS + 30 * MINUTE_MS;
  rig.live(endMs, rig.self, OTHER);
  const before = await rig.chart(START_MS, endMs, MINUTE_MS);
  assert.equal(before.length, 210);
  // As a kill leaves them: nothing was closed, the log is not in the file.
  for (const end of ["", "-wal"]) copyFileSync(at + end, `${at}.killed${end}`);
  rig.file.close();
  const again = new HistoryRig(`${at}.killed`);
  assert.deepEqual(await again.chart(START_MS, endMs, MINUTE_MS), before);
  again.file.close();
});

test("a day is rolled up, is kept when readings go, and a clock gone wrong loses nothing", async (t) => {
  const rig = new HistoryRig(path(t));
  rig.live(START_MS + 3 * DAY_MS + HOUR_MS, rig.self, OTHER);
  const hours = async () => await rig.chart(START_MS, START_MS + 3 * DAY_MS, HOUR_MS);
  const drawn = await hours();
  assert.equal(drawn.length, 72);
  assert.deepEqual([drawn[0]?.min, drawn[0]?.max], [20, 26]);
  const raw = (series: number) => {
    const range = { series, tier: "raw", fromMs: 0, toMs: Number.MAX_SAFE_INTEGER } as const;
    return rig.file.heads(range);
  };
  assert.equal(raw(1).length, 48);
  // Of the first day only minutes are left.
  const first = await rig.chart(START_MS, START_MS + HOUR_MS, MINUTE_MS);
  assert.equal(first.length, 60);

  // Twelve years ahead for a while, and back: a wrong clock makes nothing too old.
  const farMs = Date.UTC(2038, 0, 19);
  rig.historian.hear([readingEntry(OTHER, farMs, 21), readingEntry(OTHER, farMs + 5, 22)]);
  rig.work();
  rig.live(START_MS + 3 * DAY_MS + 3 * HOUR_MS, rig.self, OTHER);
  assert.deepEqual(await hours(), drawn);
  assert.equal((await rig.chart(farMs, farMs + HOUR_MS, HOUR_MS)).length, 1);
  rig.file.close();
});

test("a Pi that believes in 1970, and one in 2038, are in today's chart", async (t) => {
  for (const theirs of [Date.UTC(1970, 0, 1, 0, 5), Date.UTC(2038, 0, 19)]) {
    const rig = new HistoryRig(path(t));
    for (let minute = 0; minute < 90; minute++) {
      rig.historian.hear([readingEntry(OTHER, theirs + minute * MINUTE_MS, 20 + minute / 10)]);
      rig.clock.advance(MINUTE_MS);
      rig.work();
    }
    const drawn = await rig.chart(START_MS, START_MS + 90 * MINUTE_MS, 10 * MINUTE_MS);
    assert.deepEqual(
      drawn.map(({ min, max }) => [min, max]),
      Array.from({ length: 9 }, (_, at) => [20 + at, 20 + at + 0.9]),
    );
    // What comes from the past, all at once, is of the past: its clock was right.
    const late = START_MS - 3 * HOUR_MS;
    const past = [0, 1, 2].map((at) => readingEntry(idOf(3), late + at * MINUTE_MS, 10));
    rig.historian.hear(past);
    const before = await rig.chart(late, late + 3 * MINUTE_MS, MINUTE_MS);
    assert.equal(before.length, 3);
    rig.file.close();
  }
});

test("what is forgotten leaves the file, and nobody else's does", async (t) => {
  const at = path(t);
  const rig = new HistoryRig(at);
  const endMs = START_MS + 2 * HOUR_MS + 10 * MINUTE_MS;
  rig.live(endMs, rig.self, OTHER);
  rig.historian.forget(OTHER);
  rig.work();
  rig.file.close();
  const again = new HistoryRig(at);
  assert.equal((await again.chart(START_MS, endMs, MINUTE_MS)).length, 130);
  assert.deepEqual([...again.historian.book.origins()], [rig.self]);
  const range = { tier: "raw", fromMs: 0, toMs: Number.MAX_SAFE_INTEGER } as const;
  assert.equal(again.file.heads({ ...range, series: 1 }).length, 2);
  assert.equal(again.file.heads({ ...range, series: 2 }).length, 0);
  again.file.close();
});

test("the file never grows beyond its limit: the oldest readings go first", async (t) => {
  const at = path(t);
  const bytesMax = 128 * 1024;
  const rig = new HistoryRig(at, bytesMax);
  const others = Array.from({ length: 12 }, (_, number) => idOf(number + 2));
  const endMs = START_MS + 40 * HOUR_MS;
  rig.live(endMs, rig.self, ...others);
  const { bytes, failure } = rig.file.state();
  assert.ok(bytes <= bytesMax, `${bytes}`);
  assert.equal(failure, undefined);
  assert.ok(readFileSync(at).length <= bytesMax);
  assert.equal((await rig.chart(endMs - 2 * HOUR_MS, endMs, MINUTE_MS)).length, 120);
  assert.equal((await rig.chart(START_MS, START_MS + HOUR_MS, MINUTE_MS)).length, 0);
  rig.file.close();
});

test("a file that goes bad under way is put aside, and what is in memory is in the new one", async (t) => {
  const at = path(t);
  const rig = new HistoryRig(at);
  const nowMs = START_MS + 2 * HOUR_MS + 20 * MINUTE_MS;
  rig.live(nowMs, rig.self);
  rig.file.close();
  const bytes = readFileSync(at);
  writeFileSync(at, bytes.fill(0xa5, 0, 2_048));
  const again = new HistoryRig(at);
  again.clock.advance(nowMs - START_MS);
  again.live(nowMs + 10 * MINUTE_MS, again.self);
  assert.ok(existsSync(`${at}.corrupt-1`));
  assert.ok(again.said.some((line) => /history was damaged/.test(line)));
  assert.equal(again.file.state().failure, undefined);
  const drawn = await again.chart(nowMs, nowMs + 10 * MINUTE_MS, MINUTE_MS);
  assert.equal(drawn.length, 10);
  again.file.close();
});

test("a file that can't be read at the start keeps its own when it can", async (t) => {
  const at = path(t);
  const THIRD = idOf(3);
  const rig = new HistoryRig(at);
  const half = START_MS + 30 * MINUTE_MS;
  rig.live(half, rig.self, OTHER);
  const before = await rig.chart(START_MS, half, MINUTE_MS);
  rig.file.close();

  // A card that is read-only lets nobody open a database with a log.
  let disk: "ill" | "well" = "ill";
  const ill = new HistoryRig(at, 2 ** 30, (file) => {
    const series = () => (disk === "ill" ? [] : file.series());
    const state = () => ({
      ...file.state(),
      ...(disk === "ill" && { failure: "read-only" as const }),
    });
    const told: Partial<HistoryFile> = { series, state };
    return new Proxy(file, {
      get: (real, name: keyof HistoryFile) => told[name] ?? real[name].bind(real),
    });
  });
  ill.clock.advance(30 * MINUTE_MS);
  ill.live(half + 5 * MINUTE_MS, THIRD);
  disk = "well";
  ill.live(half + 10 * MINUTE_MS, ill.self, OTHER, THIRD);
  ill.file.close();
  const again = new HistoryRig(at);
  again.clock.advance(40 * MINUTE_MS);
  assert.deepEqual(await again.chart(START_MS, half, MINUTE_MS), before);
  const origins = [...again.historian.book.all()].map(({ name }) => name.origin);
  assert.deepEqual(origins.sort(), [again.self, OTHER, THIRD].sort());
  again.file.close();
});

test("a file that can't be made at the start is kept from when it can", async (t) => {
  let disk: "ill" | "well" = "ill";
  let failure: "read-only" | undefined = "read-only";
  const rig = new HistoryRig(path(t), 2 ** 30, (file) => {
    const told: Partial<HistoryFile> = {
      series: () => (disk === "ill" ? [] : file.series()),
      state: () => ({ ...file.state(), failure }),
      // Only a write finds out that the disk is well again.
      commit: (batch) => {
        if (disk === "ill") return err("read-only");
        failure = undefined;
        return file.commit(batch);
      },
    };
    return new Proxy(file, {
      get: (real, name: keyof HistoryFile) => told[name] ?? real[name].bind(real),
    });
  });
  rig.live(START_MS + 5 * MINUTE_MS, OTHER);
  disk = "well";
  rig.live(START_MS + 10 * MINUTE_MS, OTHER);
  assert.equal(failure, undefined);
  rig.live(START_MS + 15 * MINUTE_MS, OTHER);
  assert.equal([...rig.historian.book.all()].length, 1);
  rig.file.close();
});
