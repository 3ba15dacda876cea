import assert from "node:assert/strict";
import test from "node:test";
import { SETTINGS, type SettingName } from "../../src/maelstrom/settings.ts";
import { WORKLOADS } from "../../src/maelstrom/workloads.ts";
import { checkSet } from "../integration/maelstrom-checkers.ts";
import { VirtualBench } from "./maelstrom-bench.ts";

/** 25 nodes, 100 ms, 100 operations a second for 20 s, 10 s of rest (Gossip Glomers 3d, 3e). */
function measure(setting: SettingName, seed: number) {
  const workload = WORKLOADS.broadcast;
  assert.ok(workload);
  const names = Array.from({ length: 25 }, (_, at) => `n${at}`);
  const bench = new VirtualBench({
    workload,
    setting: SETTINGS[setting],
    names,
    latencyMs: 100,
    seed,
  });
  bench.init();
  const history = bench.load(100, 20_000);
  bench.scheduler.runFor(10_000);
  history.push(...bench.finalReads());
  const { valid, stableLatenciesMs } = checkSet(history);
  const messages = bench.sent / history.length;
  return { valid, messages, medianMs: stableLatenciesMs["0.5"], maxMs: stableLatenciesMs["1"] };
}

/** The marks, and what is held here so that a slower machine has room. */
const MARKS = {
  messages: { messages: 20, medianMs: 1_000, maxMs: 2_000 },
  latency: { messages: 20, medianMs: 400, maxMs: 600 },
} as const;

for (const setting of ["messages", "latency"] as const) {
  test(`Gossip Glomers' marks on a virtual clock: ${setting}`, () => {
    for (const seed of (process.env.SEEDS ?? "1").split(",").map(Number)) {
      const figures = measure(setting, seed);
      if (process.env.SEEDS !== undefined) console.log(setting, seed, figures);
      const marks = MARKS[setting];
      assert.ok(figures.valid);
      assert.ok(figures.messages < marks.messages, `${figures.messages} messages, seed ${seed}`);
      assert.ok(Number(figures.medianMs) < marks.medianMs, `median ${figures.medianMs}`);
      assert.ok(Number(figures.maxMs) < marks.maxMs, `maximum ${figures.maxMs}, seed ${seed}`);
    }
  });
}
