import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { FilterSpec } from "../../src/reading/filter-spec.ts";
import { defaultFilters, heartbeatOf, withHeartbeat } from "../../src/reading/filter-spec.ts";
import { createFilterChain } from "../../src/reading/filters.ts";
import { KIND_NAMES } from "../../src/reading/kind.ts";
import { createPlausibilityGate } from "../../src/reading/plausibility.ts";

/** What a chain tells for values a second apart. */
function outputs(specs: readonly FilterSpec[], values: readonly number[]): (number | undefined)[] {
  const chain = createFilterChain(specs);
  return values.map((value, at) => chain.input(value, at * 1_000));
}

test("each filter does what its ESPHome name says, in the list's order", () => {
  const none = undefined;
  assert.deepEqual(outputs([{ offset: -1.5 }, { multiply: 2 }], [10]), [17]);
  assert.deepEqual(outputs([{ multiply: 2 }, { offset: -1.5 }], [10]), [18.5]);
  assert.deepEqual(outputs([{ median: 2 }], [1.7e308, 1.7e308]), [1.7e308, 1.7e308]);
  assert.deepEqual(outputs([{ median: 3 }], [5, 1, 9, 100, 2]), [5, 3, 5, 9, 9]);
  assert.deepEqual(outputs([{ delta: 1 }], [5, 5.5, 6, 5.1, 5]), [5, none, 6, none, 5]);
  assert.deepEqual(outputs([{ delta: { share: 0.1 } }], [0, 0, 1, 1.05, 1.2]), [
    0,
    none,
    1,
    none,
    1.2,
  ]);
  assert.deepEqual(outputs([{ delta: { share: 0.1, min_value: 2 } }], [1, 2, 3]), [1, none, 3]);
  assert.deepEqual(outputs([{ throttle: 2_000 }], [1, 2, 3, 4]), [1, none, 3, none]);
  assert.deepEqual(outputs([{ clamp: { min_value: 0, max_value: 9 } }], [-3, 4, 12]), [0, 4, 9]);
  assert.deepEqual(outputs([{ filter_out: [85, -127] }], [85, 21, -127]), [none, 21, none]);
  assert.deepEqual(outputs([{ sliding_window_moving_average: 2 }], [1, 3, 5]), [1, 2, 4]);
  const window = { window_size: 3, send_every: 2 };
  assert.deepEqual(outputs([{ sliding_window_moving_average: window }], [3, 6, 9]), [3, none, 6]);
  assert.deepEqual(outputs([{ exponential_moving_average: { alpha: 0.5 } }], [0, 8]), [0, 4]);
  assert.deepEqual(outputs([{ round: 1 }], [21.26, -0.04]), [21.3, 0]);
});

test("debounce lets a value pass once none followed it", () => {
  const chain = createFilterChain([{ debounce: 100 }]);
  assert.equal(chain.input(1, 0), undefined);
  assert.equal(chain.input(0, 50), undefined);
  assert.equal(chain.dueMs(), 150);
  assert.equal(chain.tick(149), undefined);
  assert.equal(chain.tick(150), 0);
  assert.equal(chain.tick(500), undefined);
});

test("heartbeat says a steady value again, and falls silent with its sensor", () => {
  const chain = createFilterChain([{ delta: 1 }, { heartbeat: 300 }]);
  assert.equal(chain.input(20, 0), 20);
  assert.equal(chain.dueMs(), undefined);
  assert.equal(chain.input(20.1, 100), undefined);
  assert.equal(chain.dueMs(), 300);
  assert.equal(chain.tick(299), undefined);
  assert.equal(chain.tick(300), 20);
  assert.equal(chain.tick(10_000), undefined);
  assert.equal(chain.input(20.2, 10_001), 20);
});

const value = fc.double({ min: -100, max: 100, noNaN: true });
const step = fc.record({ value, gapMs: fc.integer({ min: 1, max: 400 }) });

/** Drives a chain as a sensor does, its ticks on time. */
function drive(specs: readonly FilterSpec[], steps: readonly { value: number; gapMs: number }[]) {
  const chain = createFilterChain(specs);
  const told: { value: number; atMs: number; by: "input" | "tick" }[] = [];
  const heard: number[] = [];
  let nowMs = 0;
  const note = (result: number | undefined, atMs: number, by: "input" | "tick") => {
    if (result !== undefined) told.push({ value: result, atMs, by });
  };
  for (const { value: input, gapMs } of steps) {
    for (let dueMs = chain.dueMs(); dueMs !== undefined && dueMs <= nowMs + gapMs; ) {
      note(chain.tick(dueMs), dueMs, "tick");
      const nextMs = chain.dueMs();
      assert.notEqual(nextMs, dueMs, "a tick on time leaves nothing due at that time");
      dueMs = nextMs;
    }
    nowMs += gapMs;
    note(chain.input(input, nowMs), nowMs, "input");
    heard.push(nowMs);
  }
  return { told, heard };
}

test("law: with a heartbeat no input finds a chain silent for longer than it", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1 }), (steps) => {
      const { told, heard } = drive([{ median: 3 }, { delta: 50 }, { heartbeat: 500 }], steps);
      for (const atMs of heard) {
        const last = told.filter((item) => item.atMs <= atMs).at(-1);
        assert.ok(last !== undefined && atMs - last.atMs <= 500);
      }
    }),
  );
});

test("law: two told values differ by delta, but for a heartbeat's repetition", () => {
  fc.assert(
    fc.property(fc.array(step), fc.double({ min: 0.1, max: 40, noNaN: true }), (steps, delta) => {
      const { told } = drive([{ delta }, { heartbeat: 500 }], steps);
      for (const [at, item] of told.entries()) {
        const before = told[at - 1];
        if (before === undefined || item.value === before.value) continue;
        assert.ok(Math.abs(item.value - before.value) >= delta);
      }
      for (const [at, item] of told.entries()) {
        const before = told[at - 1];
        if (before !== undefined && item.value === before.value) {
          assert.ok(item.atMs - before.atMs >= 500);
        }
      }
    }),
  );
});

test("law: a median lies within its window's inputs", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
      fc.integer({ min: 1, max: 9 }),
      (values, size) => {
        for (const [at, result] of outputs([{ median: size }], values).entries()) {
          const window = values.slice(Math.max(0, at - size + 1), at + 1);
          assert.ok(result !== undefined);
          assert.ok(result >= Math.min(...window) && result <= Math.max(...window));
        }
      },
    ),
  );
});

const anyNumber = fc.double();
const anySpec: fc.Arbitrary<FilterSpec> = fc.oneof(
  fc.record({ offset: anyNumber }),
  fc.record({ multiply: anyNumber }),
  fc.record({ median: anyNumber }),
  fc.record({ delta: anyNumber }),
  fc.record({ delta: fc.record({ share: anyNumber }) }),
  fc.record({ heartbeat: fc.nat() }),
  fc.record({ throttle: fc.nat() }),
  fc.record({ debounce: fc.nat(1_000) }),
  fc.record({ clamp: fc.record({ min_value: anyNumber, max_value: anyNumber }) }),
  fc.record({ filter_out: fc.array(anyNumber) }),
  fc.record({ sliding_window_moving_average: anyNumber }),
  fc.record({ exponential_moving_average: fc.record({ alpha: anyNumber }) }),
  fc.record({ round: anyNumber }),
);

test("law: no chain ever tells NaN, an infinity or minus zero", () => {
  fc.assert(
    fc.property(fc.array(anySpec), fc.array(fc.double()), (specs, values) => {
      const chain = createFilterChain(specs);
      for (const [at, input] of values.entries()) {
        for (const result of [chain.input(input, at * 700), chain.tick(at * 700 + 350)]) {
          if (result === undefined) continue;
          assert.ok(Number.isFinite(result) && !Object.is(result, -0));
        }
      }
    }),
  );
});

test("every kind's default chain has a heartbeat, and a list without one gets it", () => {
  for (const kind of KIND_NAMES) assert.equal(heartbeatOf(defaultFilters(kind)), 300_000);
  assert.equal(heartbeatOf(withHeartbeat([{ delta: 1 }])), 300_000);
  assert.equal(heartbeatOf(withHeartbeat([{ throttle: 900_000 }])), 900_000);
  assert.equal(heartbeatOf(withHeartbeat([{ heartbeat: 5 }])), 5);
});

test("the plausibility gate counts what can't be", () => {
  const gate = createPlausibilityGate();
  assert.equal(gate.pass("temperature", 21), 21);
  assert.ok(Object.is(gate.pass("temperature", -0), 0));
  for (const bad of [Number.NaN, Infinity, -Infinity, 126]) {
    assert.equal(gate.pass("temperature", bad), undefined);
  }
  assert.equal(gate.rejected(), 4);
});
