import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { checkCounter, checkSet } from "./maelstrom-checkers.ts";
import { run, type WorkloadName } from "./maelstrom-run.ts";

const PROGRAM = fileURLToPath(new URL("../../../../bin/watercooler.js", import.meta.url));

/** A short form of `npm run maelstrom`: five processes, and half of the time a partition. */
function short(workload: WorkloadName, setting: string) {
  return run({
    workload,
    command: [process.execPath, PROGRAM, "maelstrom", workload, "--setting", setting],
    nodes: 5,
    latency: { kind: "exponential", meanMs: 20 },
    ratePerSecond: 40,
    lastsMs: 8_000,
    partitionEveryMs: 2_000,
    loss: 0.02,
    patienceMs: 60_000,
    seed: 7,
  });
}

test("Maelstrom's broadcast, through partitions and loss: nothing is lost", async () => {
  const { history, partitions, complaints } = await short("broadcast", "latency");
  const verdict = checkSet(history);
  assert.deepEqual([verdict.lost, verdict.neverRead, complaints], [[], 0, []]);
  assert.ok(verdict.attempts > 50 && partitions > 0, `${verdict.attempts} adds, ${partitions}`);
  assert.ok(history.every(({ outcome }) => outcome === "ok"));
});

test("Maelstrom's pn-counter, through partitions and loss: every node has the sum", async () => {
  const { history, partitions, complaints } = await short("pn-counter", "messages");
  const { valid, finalReads, errors } = checkCounter(history);
  assert.deepEqual([valid, errors, complaints], [true, [], []]);
  assert.ok(finalReads.length === 5 && partitions > 0, `${finalReads}, ${partitions}`);
});

test("a workload or setting that there is not is one clear line", () => {
  for (const words of [["lin-kv"], ["constructor"], [], ["g-set", "--setting", "fast"]]) {
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, "maelstrom", ...words]);
    assert.equal(status, 2);
    assert.match(String(stderr), /^watercooler: .+ must be one of .+\n$/);
  }
});
