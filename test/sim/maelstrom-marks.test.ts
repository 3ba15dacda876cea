import assert from "node:assert/strict";
import test from "node:test";
import { SeededRandom } from "../../src/base/random.ts";
import { SETTINGS, type SettingName } from "../../src/maelstrom/settings.ts";
import { WORKLOADS } from "../../src/maelstrom/workloads.ts";
import { checkSet } from "../integration/maelstrom-checkers.ts";
import { grudgeOf, KINDS } from "../integration/maelstrom-nemesis.ts";
import { VirtualBench } from "./maelstrom-bench.ts";

/** More of them by hand: `SEEDS=1,2,3 npm test -- sim/maelstrom` prints each one's figures. */
const SEEDS = (process.env.SEEDS ?? "1").split(",").map(Number);
/** Gossip Glomers' challenges 3e and 3d; for the second the messages of the first, too. */
const MARKS = {
  messages: { messages: 20, medianMs: 1_000, maxMs: 2_000 },
  latency: { messages: 20, medianMs: 400, maxMs: 600 },
} as const;

function benchOf(setting: SettingName, nodes: number, seed: number): VirtualBench {
  const workload = WORKLOADS.broadcast;
  assert.ok(workload);
  const names = Array.from({ length: nodes }, (_, at) => `n${at}`);
  const options = { workload, setting: SETTINGS[setting], names, latencyMs: 100, seed };
  const bench = new VirtualBench(options);
  bench.init();
  return bench;
}

for (const setting of ["messages", "latency"] as const) {
  test(`Gossip Glomers' marks on a virtual clock: ${setting}`, () => {
    for (const seed of SEEDS) {
      // 25 nodes, 100 ms, 100 operations a second for 20 s, then 10 s of rest.
      const bench = benchOf(setting, 25, seed);
      const history = bench.load(100, 20_000);
      bench.scheduler.runFor(10_000);
      history.push(...bench.finalReads());
      const { valid, stableLatenciesMs: latencies } = checkSet(history);
      const messages = bench.sent / history.length;
      const [medianMs, maxMs] = [Number(latencies["0.5"]), Number(latencies["1"])];
      if (process.env.SEEDS !== undefined)
        console.log({ setting, seed, messages, medianMs, maxMs });
      const marks = MARKS[setting];
      assert.ok(valid);
      assert.ok(messages < marks.messages, `${messages} messages, seed ${seed}`);
      assert.ok(medianMs < marks.medianMs, `median ${medianMs} ms, seed ${seed}`);
      assert.ok(maxMs < marks.maxMs, `maximum ${maxMs} ms, seed ${seed}`);
    }
  });

  test(`a partition of each kind until the end, and nothing is lost 10 s later: ${setting}`, () => {
    for (const [at, kind] of KINDS.entries()) {
      for (const seed of SEEDS) {
        const bench = benchOf(setting, 12, seed);
        // Links outlive the shorter ones; in the longer ones they are lost.
        const lastsMs = 3_000 + 5_000 * at;
        bench.grudge = grudgeOf(kind, [...bench.servers.keys()], new SeededRandom(seed));
        const history = bench.load(10, lastsMs);
        bench.grudge = new Map();
        bench.scheduler.runFor(10_000);
        history.push(...bench.finalReads());
        const { valid, lost, neverRead } = checkSet(history);
        assert.deepEqual([valid, lost, neverRead], [true, [], 0], `${kind}, seed ${seed}`);
      }
    }
  });
}
