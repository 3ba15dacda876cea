import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { SimulatedDriver } from "../../firmware-bridge/src/simulated.ts";
import type { SimulatedKind } from "../../firmware-bridge/src/simulated-office.ts";
import { SIMULATED_KINDS } from "../../firmware-bridge/src/simulated-office.ts";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { HOUR_MS, ManualClock, MINUTE_MS } from "../../src/base/time.ts";
import type { Kind } from "../../src/reading/kind.ts";
import { isPlausible } from "../../src/reading/kind.ts";
import type { Reading } from "../../src/reading/reading.ts";

function live(seed: number, startMs: number, spanMs: number, updateIntervalMs: number): Reading[] {
  const clock = new ManualClock(startMs);
  const timers = new ManualTimers(clock);
  const kinds: readonly SimulatedKind[] = SIMULATED_KINDS;
  const random = new SeededRandom(seed);
  const driver = new SimulatedDriver({ name: "s", kinds, updateIntervalMs, clock, timers, random });
  const readings: Reading[] = [];
  driver.start((reading) => readings.push(reading));
  timers.advance(spanMs);
  return readings;
}

function range(readings: readonly Reading[], kind: Kind) {
  const values = readings.filter((item) => item.kind === kind).map((item) => item.value);
  return { min: Math.min(...values), max: Math.max(...values), set: new Set(values) };
}

test("law: nothing implausible in a simulated week, and all of it marked as simulated", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const week = live(seed, Date.UTC(2026, 0, 5), 7 * 24 * HOUR_MS, 5 * MINUTE_MS);
      for (const { kind, value, simulated } of week) {
        assert.ok(simulated);
        assert.ok(isPlausible(kind, value), `${kind} ${value}`);
      }
      const co2 = range(week, "co2");
      assert.ok(co2.min < 600 && co2.max > 800 && co2.max < 2_000, `${co2.min} to ${co2.max}`);
      const degrees = range(week, "temperature");
      assert.ok(degrees.min > 15 && degrees.max < 30 && degrees.max - degrees.min > 1.5);
    }),
    { numRuns: 15 },
  );
});

test("a demo at three at night sees people come and go within half an hour", () => {
  let alive = 0;
  for (let seed = 0; seed < 20; seed++) {
    const night = live(seed, new Date(2026, 0, 5, 3).getTime(), 30 * MINUTE_MS, 10_000);
    if (range(night, "motion").set.size === 2 && range(night, "co2").set.size > 50) alive++;
  }
  assert.ok(alive >= 18, `${alive} of 20`);
});

test("the same seed and clock give the same office, another seed another", () => {
  const start = Date.UTC(2026, 0, 5);
  const once = live(7, start, HOUR_MS, 10_000);
  assert.deepEqual(live(7, start, HOUR_MS, 10_000), once);
  assert.notDeepEqual(live(8, start, HOUR_MS, 10_000), once);
});
