import assert from "node:assert/strict";
import test from "node:test";
import { FilteredSensor } from "../../firmware-bridge/src/filtered-sensor.ts";
import type { Sensor } from "../../firmware-bridge/src/sensor.ts";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import type { Log } from "../../src/base/log.ts";
import { HOUR_MS, ManualClock, MINUTE_MS } from "../../src/base/time.ts";
import type { FilterSpec } from "../../src/reading/filter-spec.ts";
import type { Kind } from "../../src/reading/kind.ts";
import type { Reading } from "../../src/reading/reading.ts";

/** A chip that says what a test says, behind its filters. */
function chip(filters: { readonly [K in Kind]?: readonly FilterSpec[] } = {}) {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const lines: string[] = [];
  const log: Log = {
    write: (_level, message, fields) => lines.push(`${message} ${JSON.stringify(fields)}`),
  };
  let emit = (_reading: Reading) => {};
  const driver: Sensor = {
    name: "climate",
    platform: "sht3x",
    kinds: () => ["temperature", "humidity"],
    start: (heard) => {
      emit = heard;
    },
    health: () => ({ state: "ok" }),
    stop: async () => {},
  };
  const sensor = new FilteredSensor(driver, filters, { clock, timers, log, guard: "chip" });
  const readings: Reading[] = [];
  sensor.start((reading) => readings.push(reading));
  const say = (kind: Kind, value: number) => {
    timers.advance(10_000);
    emit({ sensor: "climate", kind, value, simulated: false, everyMs: 10_000 });
  };
  return { sensor, readings, say, timers, lines };
}

test("a temperature offset mends the humidity, and both raw values are kept", () => {
  const { sensor, readings, say } = chip({ temperature: [{ offset: -4 }] });
  say("temperature", 26);
  say("humidity", 40);
  assert.deepEqual(
    readings.map(({ kind, value }) => [kind, Math.round(value)]),
    [
      ["temperature", 22],
      ["humidity", 51],
    ],
  );
  const [temperature, humidity] = sensor.latest();
  assert.deepEqual(temperature, { sensor: "climate", kind: "temperature", raw: 26, value: 22 });
  assert.equal(humidity?.raw, 40);
});

test("with no offset the humidity is as measured", () => {
  const { readings, say } = chip({ temperature: [{ median: 3 }] });
  say("temperature", 26);
  say("humidity", 40);
  assert.equal(readings[1]?.value, 40);
});

test("spikes and what can't be are dropped, counted and logged once a minute", () => {
  const { sensor, readings, say, timers, lines } = chip();
  say("temperature", 21);
  for (const value of [85, -45, Number.NaN, 1e308, 21.5]) say("temperature", value);
  assert.deepEqual(
    readings.map(({ value }) => value),
    [21, 21.5],
  );
  assert.deepEqual(Object.fromEntries(sensor.refusedReadings()), {
    "temperature spike": 2,
    "implausible temperature": 2,
  });
  timers.advance(MINUTE_MS);
  assert.deepEqual(lines, [
    'refused readings {"sensor":"climate","temperature spike":2,"implausible temperature":2}',
  ]);
});

test("a value that has not moved for a day is flagged, told all the same, and cured by moving", () => {
  const { sensor, readings, say, timers } = chip();
  say("temperature", 21.53);
  for (let hour = 0; hour < 25; hour++) {
    timers.advance(HOUR_MS);
    say("temperature", 21.53);
  }
  assert.deepEqual(sensor.health(), {
    state: "failing",
    error: "temperature has been exactly 21.53 for 24 h: is it stuck?",
  });
  assert.ok(readings.length > 20, "told as before");
  say("temperature", 21.54);
  assert.deepEqual(sensor.health(), { state: "ok" });
});
