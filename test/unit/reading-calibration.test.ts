import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { calibrateLinear } from "../../src/reading/calibrate-linear.ts";
import { dewPoint, humidityAt } from "../../src/reading/dew-point.ts";
import type { FilterSpec } from "../../src/reading/filter-spec.ts";
import { createCalibration, createFilterChain } from "../../src/reading/filters.ts";
import { createSpikeGate, createStuckWatch, STUCK_MS } from "../../src/reading/spikes.ts";

const temperature = fc.double({ min: -10, max: 50, noNaN: true });
const humidity = fc.double({ min: 1, max: 99, noNaN: true });

test("the dew point is the tables': 20 degC at 50 % has it at 9.3", () => {
  assert.ok(Math.abs(dewPoint(20, 50) - 9.27) < 0.05);
  assert.ok(Math.abs(dewPoint(25, 60) - 16.7) < 0.05);
  assert.ok(Math.abs(dewPoint(21, 100) - 21) < 1e-9);
});

test("law: the humidity at another temperature has the same dew point, or is 100 %", () => {
  fc.assert(
    fc.property(temperature, temperature, humidity, (measured, truth, percent) => {
      const mended = humidityAt(percent, measured, truth);
      assert.ok(mended >= 0 && mended <= 100);
      if (mended === 100) return;
      assert.ok(Math.abs(dewPoint(truth, mended) - dewPoint(measured, percent)) < 1e-6);
      assert.ok(Math.abs(humidityAt(mended, truth, measured) - percent) < 1e-6);
    }),
  );
});

test("a sensor that its Pi warms by 4 degrees tells a humidity a fifth too low", () => {
  assert.ok(Math.abs(humidityAt(40, 26, 22) - 50.9) < 0.3);
});

test("calibrate_linear: exact goes through its points, least squares lies between them", () => {
  const datapoints = [
    [0, 0],
    [10, 20],
    [20, 22],
  ] as const;
  const exact = calibrateLinear({ datapoints, method: "exact" });
  assert.deepEqual([-5, 0, 5, 10, 15, 20, 30].map(exact), [-10, 0, 10, 20, 21, 22, 24]);
  const line = calibrateLinear({ datapoints });
  assert.ok(Math.abs(line(10) - 14) < 1e-9 && Math.abs(line(20) - 25) < 1e-9);
});

test("law: calibrate_linear of points on a line is that line, in any order, by any method", () => {
  const slope = fc.double({ min: 0.1, max: 3, noNaN: true });
  const lefts = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 6 });
  const method = fc.constantFrom(...(["least_squares", "exact"] as const));
  fc.assert(
    fc.property(slope, temperature, lefts, method, temperature, (a, b, xs, way, value) => {
      const datapoints = xs.map((x) => [x, a * x + b] as const);
      const result = calibrateLinear({ datapoints, method: way })(value);
      assert.ok(Math.abs(result - (a * value + b)) < 1e-6);
    }),
  );
});

test("a calibration is what a list's calibrating filters make of a value, and no others", () => {
  const specs: FilterSpec[] = [
    { median: 5 },
    { offset: -1 },
    { delta: 3 },
    { multiply: 2 },
    { round: 0 },
  ];
  assert.equal(createCalibration(specs)(10.25), 18.5);
  assert.equal(createCalibration([])(10.25), 10.25);
});

/** What a chain tells for values at given moments, ticks on time. */
function play(specs: readonly FilterSpec[], steps: readonly (readonly [number, number])[]) {
  const chain = createFilterChain(specs);
  const told: [number, number][] = [];
  const ticks = (untilMs: number) => {
    for (
      let dueMs = chain.dueMs();
      dueMs !== undefined && dueMs <= untilMs;
      dueMs = chain.dueMs()
    ) {
      const value = chain.tick(dueMs);
      if (value !== undefined) told.push([dueMs, value]);
    }
  };
  for (const [atMs, input] of steps) {
    ticks(atMs);
    const value = chain.input(input, atMs);
    if (value !== undefined) told.push([atMs, value]);
  }
  ticks(1e6);
  return told;
}

test("delayed_on, delayed_off: what does not last is never told", () => {
  const steps = [
    [0, 0],
    [10, 1],
    [20, 0],
    [30, 1],
    [90, 1],
    [200, 0],
    [210, 1],
  ] as const;
  assert.deepEqual(play([{ delayed_on: 100 }], steps), [
    [0, 0],
    [20, 0],
    [130, 1],
    [200, 0],
    [310, 1],
  ]);
  assert.deepEqual(
    play(
      [{ delayed_off: 100 }],
      [
        [0, 1],
        [10, 0],
        [50, 1],
        [60, 0],
      ],
    ),
    [
      [0, 1],
      [50, 1],
      [160, 0],
    ],
  );
  assert.deepEqual(
    play(
      [{ delayed_on_off: 100 }],
      [
        [0, 1],
        [200, 0],
        [250, 1],
        [400, 0],
      ],
    ),
    [
      [100, 1],
      [250, 1],
      [500, 0],
    ],
  );
});

test("settle: a change at once, the next when the line has held still", () => {
  const steps = [
    [0, 0],
    [200, 1],
    [210, 0],
    [220, 1],
    [500, 0],
    [510, 1],
    [515, 0],
  ] as const;
  assert.deepEqual(play([{ settle: 100 }], steps), [
    [0, 0],
    [200, 1],
    [500, 0],
  ]);
  assert.deepEqual(
    play(
      [{ settle: 100 }],
      [
        [0, 0],
        [10, 1],
      ],
    ),
    [
      [0, 0],
      [110, 1],
    ],
  );
});

test("timeout: says its value once after a silence; without one it says nothing", () => {
  const steps = [
    [0, 5],
    [50, 6],
    [500, 7],
  ] as const;
  assert.deepEqual(play([{ timeout: { timeout: 100, value: 0 } }], steps), [
    [0, 5],
    [50, 6],
    [150, 0],
    [500, 7],
    [600, 0],
  ]);
  assert.deepEqual(play([{ timeout: { timeout: 100 } }], steps).length, 3);
});

const edge = fc.record({ gapMs: fc.integer({ min: 1, max: 300 }), level: fc.constantFrom(0, 1) });

test("law: binary filters end on the level that lasts, and settle tells no more than two a span", () => {
  const spec = fc.constantFrom<FilterSpec>(
    { settle: 100 },
    { delayed_on: 100 },
    { delayed_off: 100 },
    { delayed_on_off: 100 },
  );
  fc.assert(
    fc.property(spec, fc.array(edge, { minLength: 1 }), (filter, edges) => {
      let atMs = 0;
      const steps = edges.map(({ gapMs, level }) => {
        atMs += gapMs;
        return [atMs, level] as const;
      });
      const told = play([filter], steps);
      assert.equal(told.at(-1)?.[1], steps.at(-1)?.[1]);
      if (!("settle" in filter)) return;
      const changes = told.filter(([, value], at) => value !== told[at - 1]?.[1]);
      for (const [at, [whenMs]] of changes.entries()) {
        const beforeMs = changes[at - 2]?.[0] ?? -Infinity;
        assert.ok(whenMs - beforeMs >= 100);
      }
    }),
  );
});

test("spikes: of 1 % wild values 99 % are caught, of good readings none is lost", () => {
  let seed = 7;
  const next = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const gate = createSpikeGate("temperature");
  const count = { wild: 0, caught: 0, good: 0, lost: 0 };
  for (let at = 0; at < 20_000; at++) {
    const truth = 21 + 2 * Math.sin(at / 500) + 0.1 * next();
    const isWild = at > 0 && next() < 0.01;
    const value = isWild ? truth + (10 + 60 * next()) * (next() < 0.5 ? -1 : 1) : truth;
    const passed = gate.pass(value, at * 10_000);
    count[isWild ? "wild" : "good"]++;
    if (isWild && !passed) count.caught++;
    if (!isWild && !passed) count.lost++;
  }
  assert.ok(count.wild > 150 && count.caught / count.wild >= 0.99, JSON.stringify(count));
  assert.ok(count.lost / count.good <= 0.001, JSON.stringify(count));
});

test("spikes: a true step is told with its second reading, and anything after a long silence", () => {
  const gate = createSpikeGate("temperature");
  assert.ok(gate.pass(21, 0));
  assert.equal(gate.pass(35, 10_000), false);
  assert.ok(gate.pass(35.2, 20_000));
  assert.ok(gate.pass(5, 20_000 + 600_000));
  const light = createSpikeGate("light");
  assert.ok(light.pass(0, 0) && light.pass(100_000, 1), "a lamp is no spike");
});

test("stuck: the very same value for a day is told, a rest in a switch is not", () => {
  const watch = createStuckWatch("temperature");
  assert.equal(watch.isStuck(21.5, 0), false);
  assert.equal(watch.isStuck(21.5, STUCK_MS - 1), false);
  assert.equal(watch.isStuck(21.5, STUCK_MS), true);
  assert.equal(watch.isStuck(21.6, STUCK_MS + 1), false);
  const door = createStuckWatch("contact");
  assert.equal(door.isStuck(1, 0) || door.isStuck(1, 10 * STUCK_MS), false);
});
