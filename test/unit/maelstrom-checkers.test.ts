import assert from "node:assert/strict";
import test from "node:test";
import { SeededRandom } from "../../src/base/random.ts";
import { checkCounter, checkSet, type Operation } from "../integration/maelstrom-checkers.ts";
import { grudgeOf } from "../integration/maelstrom-nemesis.ts";

function operation(does: "add" | "read", atMs: number, value: unknown, more = {}): Operation {
  const base = { node: "n0", invokedMs: atMs, completedMs: atMs + 1, outcome: "ok", final: false };
  return { ...base, does, value, ...more } as Operation;
}

test("an element is stable from the last read that lacked it", () => {
  const history = [
    operation("add", 0, 1),
    operation("read", 50, []),
    operation("read", 300, []),
    operation("read", 400, [1]),
  ];
  const { valid, stable, stableLatenciesMs } = checkSet(history);
  assert.deepEqual([valid, stable, stableLatenciesMs["1"]], [true, 1, 299]);
});

test("an acknowledged element that the last read lacks is lost", () => {
  const seenOnce = [operation("add", 0, 1), operation("read", 5, [1]), operation("read", 9, [])];
  assert.deepEqual(checkSet(seenOnce).lost, [1]);
  const neverSeen = [operation("add", 0, 1), operation("read", 9, [])];
  assert.deepEqual(checkSet(neverSeen).lost, [1]);
});

test("an add that nobody answered may be missing, not come and go", () => {
  const unsure = operation("add", 0, 2, { outcome: "info" });
  const sure = operation("add", 0, 1);
  const gone = checkSet([sure, unsure, operation("read", 9, [1])]);
  assert.deepEqual([gone.valid, gone.lost, gone.neverRead], [true, [], 1]);
  const reads = [operation("read", 9, [1, 2]), operation("read", 19, [1])];
  assert.deepEqual(checkSet([sure, unsure, ...reads]).lost, [2]);
});

test("a final counter is the sum of sure adds and of any unsure ones", () => {
  const adds = [operation("add", 0, 5), operation("add", 1, -2, { outcome: "info" })];
  const reading = (value: number) => checkCounter([...adds, read(value)]);
  const read = (value: number) => operation("read", 9, value, { final: true });
  assert.deepEqual(
    [5, 3, 7, 0].map((value) => reading(value).valid),
    [true, true, false, false],
  );
  assert.equal(checkCounter(adds).valid, false);
});

test("partitions cut both ways, and a ring leaves everybody a majority", () => {
  const nodes = Array.from({ length: 25 }, (_, at) => `n${at}`);
  const random = new SeededRandom(1);
  for (const kind of ["one", "minority-third", "majority", "majorities-ring"] as const) {
    const grudge = grudgeOf(kind, nodes, random);
    for (const node of nodes) {
      const dropped = grudge.get(node) ?? new Set();
      assert.ok(dropped.size > 0 && !dropped.has(node), kind);
      for (const other of dropped) assert.ok(grudge.get(other)?.has(node), kind);
      if (kind === "majorities-ring") assert.equal(nodes.length - dropped.size, 13);
    }
  }
});
