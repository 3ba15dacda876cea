import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("./store-damage-files.js", import.meta.url));
const SEED = Number(process.env.STORE_SEED ?? Date.now() % 2 ** 31);
const PLACES = Number(process.env.STORE_PLACES ?? 60);
/** An endless loop is one that takes longer than this; the whole takes 2 s (measured). */
const ENDLESS_MS = 120_000;

test(`${PLACES} damaged places: good data or a file moved aside, never a crash or a loop`, (t) => {
  t.diagnostic(`seed ${SEED}`);
  const folder = mkdtempSync(join(tmpdir(), "watercooler-damage-"));
  try {
    const args = [SCRIPT, folder, String(SEED), String(PLACES)];
    const ran = spawnSync(process.execPath, args, { encoding: "utf8", timeout: ENDLESS_MS });
    assert.equal(ran.status, 0, ran.stderr || String(ran.signal));
    const outcomes = JSON.parse(ran.stdout) as Record<string, number>;
    t.diagnostic(JSON.stringify(outcomes));
    const of = (name: string) => outcomes[name] ?? 0;
    assert.equal(of("whole") + of("older") + of("aside") + of("newer"), PLACES);
    assert.ok(of("aside") > 0 && of("older") + of("whole") > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
