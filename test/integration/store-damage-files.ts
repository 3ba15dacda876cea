import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { pick, randomInt, SeededRandom } from "../../src/base/random.ts";
import { openStore } from "../../src/store/open.ts";
import { assertHistory, batchAt } from "./store-history.ts";

// Damages copies of a store, one place at a time, and opens each. Says as JSON how often the data
// was all there, older, or moved aside. In a process of its own, since a crash is what may happen.

const [, , folder = "", seed, places] = process.argv;
const random = new SeededRandom(Number(seed));
const COMMITS_IN_FILE = 120;
const COMMITS_IN_LOG = 8;
const PAGE_BYTES = 2048;
/** The schema's number in the header: damage there reads as the file of a newer build. */
const VERSION_FIELD = { from: 60, to: 64 };

/** A store as a kill -9 leaves it: much in the file, the rest in the log. */
function makeOriginal(): string {
  const path = join(folder, "original.db");
  const write = (from: number, to: number) => {
    const opened = openStore(path, silentLog);
    assert.ok(opened.ok);
    for (let at = from; at <= to; at++) assert.ok(opened.value.commit(batchAt(at), "batched").ok);
    return opened.value;
  };
  write(1, COMMITS_IN_FILE).close();
  const open = write(COMMITS_IN_FILE + 1, COMMITS_IN_FILE + COMMITS_IN_LOG);
  for (const end of ["", "-wal"]) copyFileSync(path + end, join(folder, `left.db${end}`));
  open.close();
  return join(folder, "left.db");
}

function flip(bytes: Buffer): { bytes: Buffer; at: number } {
  // The header and the schema are small and matter most, so they get a share of their own.
  const at = randomInt(random, random.next() < 0.3 ? PAGE_BYTES : bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInt(random, 8));
  return { bytes, at };
}

function zeroPage(bytes: Buffer): { bytes: Buffer; at: number } {
  const at = randomInt(random, Math.ceil(bytes.length / PAGE_BYTES)) * PAGE_BYTES;
  return { bytes: bytes.fill(0, at, Math.min(at + PAGE_BYTES, bytes.length)), at };
}

function truncate(bytes: Buffer): { bytes: Buffer; at: number } {
  const at = randomInt(random, bytes.length);
  return { bytes: bytes.subarray(0, at), at };
}

function outcome(original: string, round: number): string {
  const at = join(folder, String(round));
  mkdirSync(at);
  const path = join(at, "state.db");
  for (const end of ["", "-wal"]) copyFileSync(original + end, path + end);
  const end = pick(random, ["", "-wal"]) ?? "";
  const harm = pick(random, [flip, zeroPage, truncate]) ?? flip;
  const { bytes, at: place } = harm(readFileSync(path + end));
  writeFileSync(path + end, bytes);
  const where = `${harm.name} at ${place} of state.db${end}`;

  const opened = openStore(path, silentLog);
  if (!opened.ok) {
    const isVersion = end === "" && place >= VERSION_FIELD.from && place < VERSION_FIELD.to;
    assert.ok(harm === flip && isVersion, `${where}: ${opened.error}`);
    return "newer";
  }
  const { movedAside } = opened.value.state();
  if (movedAside !== undefined)
    assert.ok(existsSync(movedAside) || existsSync(`${movedAside}-wal`));
  const held = assertHistory(opened.value.load());
  assert.ok(held === 0 ? movedAside !== undefined : held >= COMMITS_IN_FILE, `${where}: ${held}`);
  assert.ok(opened.value.commit(batchAt(held + 1), "durable").ok, where);
  opened.value.close();
  const again = openStore(path, silentLog);
  assert.ok(again.ok && again.value.state().movedAside === undefined, where);
  assert.equal(assertHistory(again.value.load()), held + 1, where);
  again.value.close();
  rmSync(at, { recursive: true });
  if (movedAside !== undefined) return "aside";
  return held === COMMITS_IN_FILE + COMMITS_IN_LOG ? "whole" : "older";
}

const original = makeOriginal();
const counts: Record<string, number> = {};
for (let round = 0; round < Number(places); round++) {
  const name = outcome(original, round);
  counts[name] = (counts[name] ?? 0) + 1;
}
process.stdout.write(JSON.stringify(counts));
