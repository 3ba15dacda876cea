import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { BlockingBudget } from "../../firmware-bridge/src/blocking-budget.ts";
import { withDeadline } from "../../firmware-bridge/src/deadline.ts";
import { LinuxFiles } from "../../firmware-bridge/src/sysfs/linux.ts";
import { systemTimers } from "../../firmware-bridge/src/timers.ts";

/** Threads that hang, as a driver's read does: opening a pipe that nobody writes to. */
const HANGING_COUNT = 6;
/** What one read of a small file may take on a loaded machine. */
const READ_MS_MAX = 5_000;

test("six sensors that hang in the kernel leave the process its files", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-hang-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const pipes = Array.from({ length: HANGING_COUNT }, (_, at) => join(folder, `pipe${at}`));
  execFileSync("mkfifo", pipes);
  const plain = join(folder, "plain");
  writeFileSync(plain, "21000\n");
  const files = new LinuxFiles({ timers: systemTimers, budget: new BlockingBudget() });
  const reads = pipes.map((pipe) => files.read(pipe).then(() => "read", String));
  try {
    for (let turn = 0; turn < 20; turn++) {
      const read = readFile(plain, "utf8");
      const late = () => "no thread is left for a plain file";
      assert.equal(await withDeadline(systemTimers, READ_MS_MAX, read, late), "21000\n");
    }
    assert.match(await Promise.race(reads), /hangs, no answer in 10 s: check the wiring/);
  } finally {
    // Whoever reads is let go by a writer that comes and goes; those that wait, by one that stays.
    const writers = pipes.map((pipe) => openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
    for (const writer of writers) closeSync(writer);
    rmSync(folder, { recursive: true, force: true });
    await Promise.all(reads);
  }
});
