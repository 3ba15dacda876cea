// Runs the compiled tests: "npm test", or "npm test -- sim/overlay" for those with that in the path.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const wanted = process.argv.slice(2);
const folder = "dist/build/test";
const files = readdirSync(folder, { recursive: true })
  .map((name) => join(folder, name))
  .filter((path) => path.endsWith(".test.js"))
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`no test file has ${wanted.join(" or ")} in its path`);
  process.exit(1);
}

const heavy = (path) => /\/(integration|browser|contract)\//.test(path);
let failed = 0;
let total = 0;
let passed = 0;
const skipped = [];

function run(batch, concurrency) {
  if (batch.length === 0) return;
  const done = spawnSync(
    process.execPath,
    ["--test", `--test-concurrency=${concurrency}`, "--test-reporter=tap", ...batch],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 28 },
  );
  for (const line of done.stdout.split("\n")) {
    const skip = /^\s*ok \d+ - (.*?) # SKIP(.*)$/.exec(line);
    if (skip) skipped.push(`${skip[1]}:${skip[2]}`);
    const pass = /^# pass (\d+)/.exec(line);
    if (pass) passed += Number(pass[1]);
    const tests = /^# tests (\d+)/.exec(line);
    if (tests) total += Number(tests[1]);
    const fail = /^# fail (\d+)/.exec(line);
    if (fail) failed += Number(fail[1]);
    const name = /^(ok|not ok) \d+ - (?!.*SKIP)(?!.*\.test\.js)(.*)$/.exec(line);
    if (name) console.log(`${name[1] === "ok" ? "✔" : "✖"} ${name[2]}`);
  }
  if (done.status !== 0) {
    if (failed === 0) failed = 1;
    const from = done.stdout.split("\n");
    for (const [at, line] of from.entries()) {
      if (/^\s*not ok/.test(line)) console.log(from.slice(at, at + 40).join("\n"));
    }
  }
}

run(
  files.filter((path) => !heavy(path)),
  2,
);
run(files.filter(heavy), 1);

for (const line of skipped) console.log(`skipped ${line}`);
if (process.env.CI === "true" && skipped.length > 0) {
  console.log("a suite left out is a failure here");
  failed += skipped.length;
}
console.log(`# tests ${total}\n# pass ${passed}\n# fail ${failed}\n# skipped ${skipped.length}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exit(failed === 0 ? 0 : 1);
