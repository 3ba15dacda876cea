import assert from "node:assert/strict";
import test from "node:test";
import { MemoryDevice } from "../../firmware-bridge/src/byte-stream-memory.ts";
import { isPushSensor } from "../../firmware-bridge/src/push.ts";
import type { SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";
import { createSensor } from "../../firmware-bridge/src/sensors.ts";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock } from "../../src/base/time.ts";
import type { Reading } from "../../src/reading/reading.ts";

async function make(config: SensorConfig) {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const device = new MemoryDevice();
  const random = new SeededRandom(1);
  const deps = { clock, timers, random, log: silentLog, openSerial: () => device.open };
  const sensor = await createSensor(config, deps);
  const readings: Reading[] = [];
  sensor.start((reading) => readings.push(reading));
  await new Promise((resolve) => setImmediate(resolve));
  return { sensor, readings, timers, device };
}

test("push: takes what can be, refuses the rest in words, learns kinds", async () => {
  const filters = { temperature: [{ offset: 1 }, { delta: 0.5 }] };
  const config = { platform: "push", name: "desk", updateIntervalMs: 10_000, filters } as const;
  const { sensor, readings, timers } = await make(config);
  assert.ok(isPushSensor(sensor));
  assert.ok(sensor.push({ kind: "temperature", value: 20 }).ok);
  assert.ok(sensor.push({ kind: "temperature", value: 20.2 }).ok);
  assert.ok(sensor.push({ kind: "motion", value: true, room: "attic" }).ok);
  assert.deepEqual(sensor.kinds(), ["temperature", "motion"]);
  const told = { sensor: "desk", simulated: false, everyMs: 300_000 };
  assert.deepEqual(readings, [
    { ...told, kind: "temperature", value: 21 },
    { ...told, kind: "motion", value: 1, room: "attic" },
  ]);
  const refusal = sensor.push({ kind: "smell", value: 1 });
  assert.match(refusal.ok ? "" : refusal.error, /^unknown kind: use one of temperature, /);
  for (const value of [Number.NaN, Infinity, 200]) {
    assert.equal(sensor.push({ kind: "temperature", value }).ok, false);
  }
  assert.equal(sensor.push({ kind: "co2", value: 500, room: "No Room" }).ok, false);
  timers.advance(300_000);
  assert.equal(readings.length, 3, "a heartbeat for the one value that was swallowed");
  timers.advance(3_000_000);
  assert.equal(readings.length, 3, "silent with its sender");
  await sensor.stop();
  assert.equal(timers.count, 0);
  assert.equal(sensor.push({ kind: "co2", value: 500 }).ok, false);
});

test("push: an offset that moves a value out of what can be tells nothing", async () => {
  const filters = { humidity: [{ offset: 50 }] };
  const { sensor, readings } = await make({
    platform: "push",
    name: "desk",
    updateIntervalMs: 10_000,
    filters,
  });
  assert.ok(isPushSensor(sensor) && sensor.push({ kind: "humidity", value: 60 }).ok);
  assert.deepEqual(readings, []);
  await sensor.stop();
});

test("serial: every sub-sensor has a chain of its own", async () => {
  const common = { name: "box", room: "lab", updateIntervalMs: 10_000, filters: {} };
  const { sensor, readings, device } = await make({
    ...common,
    platform: "serial",
    path: "/dev/none",
    baud: 115_200,
  });
  for (const name of ["a", "b", "a"])
    device.send(`{"sensor":"${name}","kind":"co2","value":700}\n`);
  assert.deepEqual(
    readings.map((reading) => [reading.sensor, reading.room]),
    [
      ["box.a", "lab"],
      ["box.b", "lab"],
    ],
  );
  await sensor.stop();
});

test("simulated: reports by exception, so far fewer readings than measurements", async () => {
  const common = { name: "s", updateIntervalMs: 1_000, filters: {} };
  const kinds = ["temperature", "co2"] as const;
  const { sensor, readings, timers } = await make({ ...common, platform: "simulated", kinds });
  assert.deepEqual(sensor.health(), { state: "simulated" });
  timers.advance(3_600_000);
  assert.ok(readings.length >= 24 && readings.length < 1_800, `${readings.length} of 7200`);
  await sensor.stop();
  assert.equal(timers.count, 0);
});
