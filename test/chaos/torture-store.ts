// npm run torture:store -- [--kills 1000] [--cuts 50] [--seed S] [--json]: a process that writes to
// a store is killed again and again; then a writing card loses its power again and again.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { randomInt, SeededRandom } from "../../src/base/random.ts";
import type { Cut } from "../integration/store-cut-card.ts";
import { inOwnMounts, mountsMissing } from "../integration/store-own-mounts.ts";
import type { Line } from "./torture-lines.ts";
import { TortureRecord } from "./torture-record.ts";

const WRITER = fileURLToPath(new URL("./torture-writer.js", import.meta.url));
/** A kill falls so long after the process has said what it holds, or up to so long after its start. */
const WRITING_MS_SPAN = 250;
const STARTING_MS_SPAN = 400;
const IN_START_SHARE = 0.2;
const PROGRESS_EVERY = 100;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "1000" },
    cuts: { type: "string", default: "50" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const random = new SeededRandom(Number(values.seed));

/** Runs a writer and kills it somewhere. Gives what it said. */
async function killedWriter(path: string, first: number): Promise<readonly Line[]> {
  const child = spawn(process.execPath, [WRITER, path, String(first)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let errors = "";
  const inStart = random.next() < IN_START_SHARE;
  const afterMs = randomInt(random, inStart ? STARTING_MS_SPAN : WRITING_MS_SPAN);
  const kill = () => setTimeout(() => child.kill("SIGKILL"), afterMs);
  if (inStart) kill();
  child.stdout.on("data", (chunk) => {
    if (out === "" && !inStart) kill();
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  await new Promise((resolve) => child.on("close", resolve));
  if (child.signalCode !== "SIGKILL") throw new Error(`it ended by itself: ${errors}`);
  // A line without its end was still on its way.
  const whole = out.slice(0, out.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

async function kills(count: number): Promise<TortureRecord> {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-torture-"));
  const record = new TortureRecord();
  try {
    for (let round = 1; round <= count && record.violations.length === 0; round++) {
      record.take(await killedWriter(join(folder, "state.db"), record.next));
      if (round % PROGRESS_EVERY === 0) console.error(`${round} kills`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return record;
}

function powerCuts(count: number): Readonly<Record<string, number | string>> {
  const missing = mountsMissing("mkfs.xfs", "mkfs.ext4", "losetup");
  if (missing !== false) return { "power cuts": `left out: ${missing}` };
  const folder = mkdtempSync(join(tmpdir(), "watercooler-cuts-"));
  try {
    process.env.STORE_CUTS = String(count);
    process.env.STORE_SEED = values.seed;
    const said = inOwnMounts("./store-cut-card.js", folder);
    const { mixed } = JSON.parse(said) as Readonly<Record<"mixed", readonly Cut[]>>;
    const lost = mixed.map(({ acknowledged, held }) => Math.max(0, acknowledged - held));
    return {
      "power cuts": mixed.length,
      "damaged files after a cut": mixed.filter(({ movedAside }) => movedAside !== null).length,
      "cuts that took a durable write": mixed.filter(
        ({ acknowledgedDurable, held }) => held < acknowledgedDurable,
      ).length,
      "ordinary writes that a cut took, at the most": Math.max(...lost),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const startMs = performance.now();
  const { counts, violations, dots } = await kills(Number(values.kills));
  const cuts = Number(values.cuts) > 0 ? powerCuts(Number(values.cuts)) : {};
  const table = {
    "kill -9": counts.kills,
    "of them before the start was done": counts.killedInStart,
    "acknowledged writes": counts.acknowledged,
    "of them durable": counts.acknowledgedDurable,
    "dots said or found": dots,
    "ordinary writes that kills took": counts.ordinaryLost,
    "entries found whose line was never seen": counts.heldUnsaid,
    "durable writes lost, dots reused, damaged files": violations.length,
    ...cuts,
    seed: values.seed,
    took_s: Math.round((performance.now() - startMs) / 1_000),
  };
  if (values.json) console.log(JSON.stringify({ ...table, violations }, undefined, 2));
  else {
    console.log("| what | count |\n|---|---|");
    for (const [what, count] of Object.entries(table)) console.log(`| ${what} | ${count} |`);
  }
  for (const violation of violations) console.error(`VIOLATION ${violation}`);
  const bad = ["damaged files after a cut", "cuts that took a durable write"] as const;
  const isBad = bad.some((what) => Number((cuts as Record<string, unknown>)[what] ?? 0) > 0);
  return violations.length > 0 || isBad ? 1 : 0;
}

if (values.help)
  console.log("npm run torture:store -- [--kills 1000] [--cuts 50] [--seed S] [--json]");
else process.exitCode = await main();
