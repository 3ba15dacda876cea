import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./store-at-rest.js", import.meta.url));
/** Without the objects kept it ends within 1 s on Node 24.19 and newer; others collect in peace. */
const LIMIT_MS = 60_000;

test("a process at rest lives on while what the store made could be collected", () => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-collected-"));
  const args = [PROGRAM, join(folder, "state.db")];
  const { status, signal, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  rmSync(folder, { recursive: true, force: true });
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr.slice(0, 500));
});
