import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Ledger } from "../chaos/ledger.ts";
import { FAULT_KINDS, type Operation, planRound, versionSignals } from "../chaos/plan.ts";
import { timesOf } from "../chaos/report.ts";
import { slope } from "../chaos/slope.ts";
import { isDurable, keyAt, type Said, takesBack } from "../chaos/torture-lines.ts";
import { TortureRecord } from "../chaos/torture-record.ts";

const anySeed = fc.integer({ min: 0, max: 2 ** 31 });
const anyRound = fc.integer({ min: 0, max: 500 });

test("a seed fixes a round: the same faults and writes, whatever was played before", () => {
  fc.assert(
    fc.property(anySeed, anyRound, (seed, round) => {
      const bounds = { nodes: 6, kinds: FAULT_KINDS };
      assert.deepEqual(planRound(seed, round, bounds), planRound(seed, round, bounds));
    }),
  );
});

test("no two faults of a round are in each other's way, and all end with the round", () => {
  const onProcess = ["kill", "stop", "full", "stall", "clock", "corrupt", "clone", "version"];
  fc.assert(
    fc.property(anySeed, anyRound, fc.integer({ min: 3, max: 9 }), (seed, round, nodes) => {
      const { faults, operations, lengthMs } = planRound(seed, round, {
        nodes,
        kinds: FAULT_KINDS,
      });
      const held = faults.filter(({ kind }) => onProcess.includes(kind));
      assert.equal(new Set(held.map(({ node }) => node)).size, held.length);
      const visits = faults.filter(({ kind }) => kind === "clone" || kind === "hostile");
      assert.ok(visits.length <= 1);
      for (const { beginMs, endMs, node, others } of faults) {
        assert.ok(0 <= beginMs && beginMs <= endMs && endMs <= lengthMs);
        assert.ok(node < nodes && !others.includes(node));
      }
      for (const { atMs } of operations) assert.ok(atMs < lengthMs);
    }),
  );
});

test("some rounds have had every fault", () => {
  const bounds = { nodes: 6, kinds: FAULT_KINDS };
  const drawn = Array.from({ length: FAULT_KINDS.length * 2 }, (_, round) =>
    planRound(1, round, bounds).faults.map(({ kind }) => kind),
  ).flat();
  assert.deepEqual(new Set(drawn), new Set(FAULT_KINDS));
});

test("every second round has a node of the later version, each in its turn", () => {
  const later = (kinds: typeof FAULT_KINDS | readonly ["kill"]) =>
    Array.from({ length: 8 }, (_, round) => planRound(1, round, { nodes: 3, kinds }).later);
  const none = undefined;
  assert.deepEqual(later(FAULT_KINDS), [none, 0, none, 1, none, 2, none, 0]);
  assert.deepEqual(new Set(later(["kill"])), new Set([none]));
});

test("a version changes after a good end and after a kill, there and back", () => {
  const drawn = [0, 0.25, 0.5, 0.75, 0.999].map((dice) => Object.values(versionSignals(dice)));
  assert.deepEqual(drawn.map(String), [
    "SIGTERM,SIGTERM",
    "SIGKILL,SIGTERM",
    "SIGTERM,SIGKILL",
    "SIGKILL,SIGKILL",
    "SIGKILL,SIGKILL",
  ]);
});

const set = (node: number, value: number): Operation => ({
  ...{ atMs: 0, node, slot: 1, value },
  does: "target",
});
const allowed = (ledger: Ledger) => [...ledger.allowed("target/1")].sort();

test("of acknowledged writes the last of each node may stand, and what got no answer", () => {
  const ledger = new Ledger();
  assert.deepEqual(allowed(ledger), [undefined]);
  ledger.note({ operation: set(1, 20), outcome: "acknowledged" });
  ledger.note({ operation: set(1, 21), outcome: "acknowledged" });
  ledger.note({ operation: set(2, 30), outcome: "refused" });
  assert.deepEqual(allowed(ledger), [21]);
  ledger.note({ operation: set(2, 31), outcome: "acknowledged" });
  ledger.note({ operation: set(2, 32), outcome: "unknown" });
  assert.deepEqual(allowed(ledger), [21, 31, 32]);
  ledger.settle(() => 31);
  assert.deepEqual(allowed(ledger), [31]);
  ledger.note({ operation: { ...set(1, 0), does: "clear" }, outcome: "unknown" });
  assert.deepEqual(allowed(ledger), [31, undefined]);
  assert.equal(ledger.acknowledged, 3);
  ledger.settle(() => 31);
});

test("a write that has not seen what was there replaces no more than its node's own", () => {
  const ledger = new Ledger();
  ledger.note({ operation: set(1, 31), outcome: "acknowledged" });
  ledger.settle(() => 31);
  ledger.note({ operation: set(2, 32), outcome: "blind" });
  ledger.note({ operation: set(2, 33), outcome: "blind" });
  assert.deepEqual(allowed(ledger), [31, 33]);
  ledger.note({ operation: set(2, 34), outcome: "doubtful" });
  assert.deepEqual(allowed(ledger), [31, 33, 34]);
  ledger.note({ operation: set(2, 35), outcome: "blind", saw: 31 });
  assert.deepEqual(allowed(ledger), [34, 35]);
  assert.equal(ledger.acknowledged, 5);
});

test("what a node showed before it wrote is replaced, by whomever it was written", () => {
  const ledger = new Ledger();
  ledger.note({ operation: set(1, 21), outcome: "acknowledged", process: 7 });
  ledger.note({ operation: set(2, 22), outcome: "unknown" });
  ledger.note({ operation: set(3, 23), outcome: "acknowledged", saw: 21, process: 8 });
  assert.deepEqual(allowed(ledger), [22, 23]);
  ledger.note({ operation: set(1, 24), outcome: "unknown", saw: 23 });
  assert.deepEqual(allowed(ledger), [22, 23, 24]);
  assert.equal(ledger.lastProcess("target/1"), 8);
  ledger.note({ operation: set(3, 25), outcome: "acknowledged", saw: 22 });
  assert.deepEqual(allowed(ledger), [24, 25]);
  assert.equal(ledger.lastProcess("target/1"), undefined);
  assert.equal(ledger.lastProcess("target/2"), undefined);
});

const said = (at: number, dot: string, hash = dot): Said => ({ key: keyAt(at), dot, hash, at });
/** A writer that does the writes up to 5, of which 5 is durable, and dies. */
function firstLife(): TortureRecord {
  const record = new TortureRecord();
  const writes = [1, 2, 3, 4, 5];
  record.take([
    { held: [], movedAside: null },
    ...writes.flatMap((at) => [
      { trying: at },
      { said: said(at, `1.${at}`) },
      { acknowledged: at },
    ]),
  ]);
  return record;
}
const all = [1, 2, 3, 4, 5].map((at) => said(at, `1.${at}`));

test("a kill may take ordinary writes, no durable one and none before it", () => {
  assert.ok(isDurable(5) && !isDurable(6) && !takesBack(6));
  const fine = firstLife();
  fine.take([{ held: all, movedAside: null }, { trying: 6 }, { acknowledged: 6 }]);
  fine.take([{ held: all, movedAside: null }]);
  assert.deepEqual(fine.violations, []);
  assert.equal(fine.counts.ordinaryLost, 1);
  const bad = firstLife();
  bad.take([{ held: all.slice(0, 4), movedAside: null }]);
  assert.match(bad.violations.join(), /write 5 was durable/);
});

test("a dot with two contents and a damaged file are told", () => {
  const twice = firstLife();
  twice.take([{ held: all, movedAside: null }, { said: said(6, "1.3", "other") }]);
  assert.match(twice.violations.join(), /dot 1\.3 said twice/);
  const damaged = firstLife();
  damaged.take([{ held: all, movedAside: "state.db.corrupt-1" }]);
  assert.match(damaged.violations.join(), /a damaged file after kill 2/);
});

test("percentiles are the nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  assert.deepEqual(timesOf(hundred), { count: 100, p50_ms: 50, p99_ms: 99, max_ms: 100 });
  assert.deepEqual(timesOf([]), { count: 0, p50_ms: 0, p99_ms: 0, max_ms: 0 });
});

test("a slope is that of the line with the least squares", () => {
  assert.equal(slope([]), 0);
  assert.equal(slope([[1, 5]]), 0);
  const noisy = [0, 1, 2, 3].map((x) => [x, 2 * x + 7 + (x === 1 || x === 2 ? 1 : 0)] as const);
  assert.equal(slope(noisy), 2);
});
