import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import type { Log } from "../../src/base/log.ts";
import { randomInt, SeededRandom } from "../../src/base/random.ts";
import { openStore } from "../../src/store/open.ts";
import { assertHistory, HistoryCache } from "./store-history.ts";

const WRITER = fileURLToPath(new URL("./store-writer.js", import.meta.url));
const KILLS = Number(process.env.STORE_KILLS ?? 10);
const SEED = Number(process.env.STORE_SEED ?? Date.now() % 2 ** 31);
/** Four batched commits for each durable one, as readings and people's writes might come. */
const DURABLE_EVERY = "5";
/** The kill falls up to this many acknowledgements after the first. */
const ACKS_MAX = 120;

/** Runs the writer, kills it somewhere, and gives the last commit that it acknowledged. */
async function killedWriter(path: string, acks: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, path, DURABLE_EVERY], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let errors = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
    if (out.split("\n").length > acks) child.kill("SIGKILL");
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  await new Promise((resolve) => child.on("close", resolve));
  assert.equal(errors, "");
  assert.equal(child.signalCode, "SIGKILL");
  // A line without its end was still on its way.
  return Number.parseInt(out.slice(0, out.lastIndexOf("\n")).split("\n").at(-1) ?? "0", 10);
}

test(`${KILLS} times kill -9 in mid-write: nothing acknowledged is lost`, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const random = new SeededRandom(SEED);
  const folder = mkdtempSync(join(tmpdir(), "watercooler-kill-"));
  const path = join(folder, "state.db");
  const history = new HistoryCache();
  const log: Log = { write: (_, message) => assert.fail(message) };
  let unacknowledged = 0;
  try {
    for (let round = 0; round < KILLS; round++) {
      const acknowledged = await killedWriter(path, 1 + randomInt(random, ACKS_MAX));
      const opened = openStore(path, log);
      assert.ok(opened.ok, opened.ok ? "" : opened.error);
      const held = assertHistory(opened.value.load(), history);
      // At most the commit between its end and its line is held without having been said.
      assert.ok(held >= acknowledged, `round ${round}: ${acknowledged} was said, ${held} is held`);
      assert.ok(held <= acknowledged + 1);
      unacknowledged += held - acknowledged;
      opened.value.close();
      const check = execFileSync(process.execPath, ["-e", QUICK_CHECK, path], { encoding: "utf8" });
      assert.equal(check, "ok");
    }
    t.diagnostic(`${unacknowledged} of ${KILLS} kills fell between a commit and its line`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const QUICK_CHECK = `
  const db = new (require("better-sqlite3"))(process.argv[1]);
  process.stdout.write(db.pragma("quick_check", { simple: true }));
`;
