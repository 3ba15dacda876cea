// What a week of history costs a card: the daemon's own historian on injected time, with sensors
// that tell a value every 10 s. "npm run measure:history -- --sensors 50 --days 7 --json".
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist/build/src");
const load = (path) => import(pathToFileURL(join(root, path)).href);
const { Historian, FLUSH_MS, LOOK_MS } = await load("node/history/historian.js");
const { Segments } = await load("node/history/segments.js");
const { SqliteHistory } = await load("store/history-sqlite.js");
const { Slices } = await load("node/history/slices.js");
const { readingKey, readingRecord } = await load("office/records.js");
const { nodeIdOfKey } = await load("base/id.js");
const { PLANS } = await load("history/tiers.js");

const SENSORS_MAX = 5_000;
const DAYS_MAX = 400;
const EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
/** What the default configuration keeps. */
const KEPT_MS = { raw: 2 * DAY_MS, minute: 30 * DAY_MS, hour: 730 * DAY_MS };
/** A card of 16 GB, each cell of which can be written so often: TLC flash. A guess. */
const CARD_BYTES = 16e9;
const CARD_CYCLES = 500;

const { values } = parseArgs({
  options: {
    sensors: { type: "string", default: "50" },
    days: { type: "string", default: "7" },
    json: { type: "boolean", default: false },
  },
});
const sensors = Number(values.sensors);
const days = Number(values.days);
if (!(sensors >= 1 && sensors <= SENSORS_MAX && days >= 1 && days <= DAYS_MAX)) {
  console.error(`--sensors takes 1 to ${SENSORS_MAX}, --days 1 to ${DAYS_MAX}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "watercooler-history-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "history.db");
const startMs = Date.UTC(2026, 2, 1);
let nowMs = startMs;
const clock = { wallMs: () => nowMs, monotonicMs: () => performance.now() };
let due = [];
const timers = {
  set: (_, callback) => {
    due.push(callback);
    return () => {
      due = due.filter((one) => one !== callback);
    };
  },
};
const hash = (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());
const file = new SqliteHistory({ path, log: { write: console.error }, bytesMax: 2 ** 31 });
const keepMax = Object.fromEntries(
  Object.entries(KEPT_MS).map(([tier, ms]) => [tier, Math.ceil(ms / PLANS[tier].spanMs)]),
);
const self = nodeIdOfKey(new Uint8Array(32).fill(1));
const historian = new Historian({
  self,
  file,
  segments: new Segments(file, hash),
  slices: new Slices(clock, timers),
  clock,
  bytesMax: 2 ** 31,
  retention: () => ({ keepMax, share: "holder" }),
  awaits: () => false,
  sealed: () => {},
});

/** Bytes that this process handed to the system to be written, /proc/self/io. */
const written = () => Number(/^wchar: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))[1]);

/** Five sensors a Pi, each a temperature that wanders by tenths, as a BME280's does. */
const state = Array.from({ length: sensors }, (_, at) => ({
  origin: nodeIdOfKey(new Uint8Array(32).fill(1 + Math.floor(at / 5))),
  key: readingKey(`climate-${at % 5}`, "temperature"),
  room: `room-${Math.floor(at / 5)}`,
  value: 20,
}));
let dice = 1;
const chance = () => {
  dice = (dice * 48271) % 2147483647;
  return dice / 2147483647;
};
function entryOf(one) {
  if (chance() < 0.5) one.value += chance() < 0.5 ? 0.1 : -0.1;
  one.value = Math.round(Math.min(28, Math.max(14, one.value)) * 10) / 10;
  const value = readingRecord.encode({
    ...{ value: one.value, room: one.room, ageMs: 0, everyMs: EVERY_MS },
  });
  // Sensors do not tick together, nor to the millisecond.
  const wallMs = nowMs + Math.floor(chance() * EVERY_MS);
  return { origin: one.origin, key: one.key, stamp: { wallMs, counter: 0 }, value };
}

/** CPU time, since on a busy machine others take their turns in the middle. */
const spans = [];
function timed(work) {
  const { user, system } = process.cpuUsage();
  work();
  const used = process.cpuUsage({ user, system });
  spans.push((used.user + used.system) / 1_000);
}

const daily = [];
for (let day = 0; day < days; day++) {
  const before = written();
  const endMs = startMs + (day + 1) * DAY_MS;
  for (; nowMs < endMs; nowMs += EVERY_MS) {
    historian.hear(state.map(entryOf));
    if (nowMs % FLUSH_MS === 0) timed(() => historian.flush());
    if (nowMs % LOOK_MS === 0) timed(() => historian.look());
    while (due.length > 0) {
      const [callback] = due.splice(0, 1);
      timed(callback);
    }
  }
  daily.push(written() - before);
}
const commits = file.state().commits;
file.close();
const bytes = statSync(path).size;
const median = [...daily].sort((left, right) => left - right)[Math.floor(days / 2)];
const years = (CARD_BYTES * CARD_CYCLES) / median / 365;
spans.sort((left, right) => left - right);
const place = (share) => Number(spans[Math.ceil(spans.length * share) - 1].toFixed(1));
const report = {
  sensors,
  days,
  every_s: EVERY_MS / 1_000,
  readings: (sensors * days * DAY_MS) / EVERY_MS,
  file_bytes: bytes,
  written_bytes_a_day: median,
  commits_a_day: Math.round(commits / days),
  pause_ms_p999: place(0.999),
  pause_ms_longest: place(1),
  card_years: Math.round(years),
};
if (values.json) console.log(JSON.stringify(report, undefined, 2));
else {
  const mega = (count) => `${(count / 1e6).toFixed(1)} MB`;
  console.log(`${sensors} sensors, a value each ${EVERY_MS / 1_000} s, ${days} days`);
  console.log(`  file                  ${mega(bytes)}`);
  console.log(`  written a day         ${mega(median)} (${daily.map(mega).join(", ")})`);
  console.log(`  commits a day         ${report.commits_a_day}`);
  console.log(
    `  pauses, CPU time      p99.9 ${report.pause_ms_p999} ms, longest ${report.pause_ms_longest} ms`,
  );
  console.log(`  a 16 GB card lasts    ${report.card_years} years of this, at 500 cycles`);
}
