// Runs the compiled tests: "npm test", "npm test -- sim/overlay" for those with that in the path,
// "npm run test:long" for those under test/long and "npm run test:hardware" for those under
// test/hardware, which no other run starts, nor those under test/install ("npm run test:install").
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { compose } from "node:stream";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const FOLDER = "dist/build/test";
const APART = ["--long", "--hardware", "--install"];
/** A file that takes longer hangs. Twenty times the slowest here; a long one may take hours. */
const FILE_MS_MAX = 600_000;
const LONG_FILE_MS_MAX = 4 * 3_600_000;

const words = process.argv.slice(2);
const apart = words.find((word) => APART.includes(word));
const long = apart === "--long";
const apartFrom = (path) => APART.find((word) => path.includes(`/test/${word.slice(2)}/`));
const wanted = words
  .filter((word) => word !== apart)
  .map((word) => word.replace(/^\.\//, "").replace(/\.(ts|js)$/, ""));

const files = readdirSync(FOLDER, { recursive: true })
  .map((name) => join(FOLDER, name))
  .filter((path) => path.endsWith(".test.js") && apartFrom(path) === apart)
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .sort();
if (files.length === 0) {
  const which = wanted.length === 0 ? "" : ` with ${wanted.join(" or ")} in its path`;
  console.error(
    `no test file${which}${apart === undefined ? "" : ` under test/${apart.slice(2)}`}`,
  );
  process.exit(1);
}

/** A guess, seen to pass on 2 cores, where most of their time is waiting. */
const HEAVY_AT_ONCE = 3;
/** So many files are named at the end: where the time goes. */
const SLOWEST_MAX = 12;
const tookMs = new Map();

const sum = { tests: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
const skipped = [];

/** Adds up each run's own totals; what is left goes on to the reporter. */
async function* counted(events) {
  for await (const event of events) {
    const { data } = event;
    if (/^test:(?:pass|fail)$/.test(event.type) && data.nesting === 0 && data.file !== undefined) {
      tookMs.set(data.file, (tookMs.get(data.file) ?? 0) + data.details.duration_ms);
    }
    if (event.type === "test:diagnostic" && data.nesting === 0) {
      const [, what, count] = /^(\w+) ([\d.]+)$/.exec(data.message) ?? [];
      if (what in sum) sum[what] += Number(count);
      if (what !== undefined) continue;
    }
    const left = data?.skip;
    if (event.type === "test:pass" && left !== undefined && left !== false) {
      skipped.push(`${data.name}${left === true ? "" : `: ${left}`}`);
    }
    yield event;
  }
}

/** One line a test that stands by itself, all of what a failure says. */
async function* plain(events) {
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") yield data.message;
    if (type === "test:pass" && data.nesting === 0 && data.skip === undefined) {
      yield `✔ ${data.name} (${Math.round(data.details.duration_ms)} ms)\n`;
    }
    if (type === "test:fail") {
      const { error } = data.details;
      const cause = error?.cause ?? error;
      yield `✖ ${data.name} in ${data.file}\n${cause?.stack ?? cause}\n`;
    }
  }
}

async function runFiles(batch, concurrency) {
  if (batch.length === 0) return;
  const timeout = long || apart === "--install" ? LONG_FILE_MS_MAX : FILE_MS_MAX;
  const events = run({ files: batch, concurrency, timeout });
  const reporter = process.stdout.isTTY ? new spec() : plain;
  for await (const text of compose(events, counted, reporter)) process.stdout.write(text);
}

// What opens ports and makes namespaces mostly waits: three at a time. What measures or watches a page
// has the machine to itself.
const alone = (path) => apart !== undefined || /\/(browser\/|integration\/mesh\.)/.test(path);
const heavy = (path) => /\/(integration|contract)\//.test(path);
const lanes = [
  [files.filter((path) => !alone(path) && !heavy(path)), availableParallelism()],
  [files.filter((path) => !alone(path) && heavy(path)), HEAVY_AT_ONCE],
  [files.filter(alone), 1],
];
for (const [batch, concurrency] of lanes) await runFiles(batch, concurrency);

// What was cut short by a limit or a dead parent has not passed.
sum.fail += sum.cancelled;
for (const line of skipped) console.log(`skipped ${line}`);
if (process.env.CI === "true" && sum.skipped + sum.todo > 0) {
  console.log("a suite left out is a failure here");
  sum.fail += sum.skipped + sum.todo;
}
if (wanted.length === 0) {
  const slowest = [...tookMs].sort(([, one], [, other]) => other - one).slice(0, SLOWEST_MAX);
  const told = slowest.map(
    ([file, ms]) => `${basename(file, ".test.js")} ${Math.round(ms / 1000)}`,
  );
  console.log(`# slowest files, s: ${told.join(", ")}`);
}
for (const [what, count] of Object.entries(sum)) console.log(`# ${what} ${count}`);
console.log(`${sum.pass} passed, ${sum.fail} failed, ${sum.skipped} skipped`);
process.exit(sum.fail === 0 && sum.tests > 0 ? 0 : 1);
