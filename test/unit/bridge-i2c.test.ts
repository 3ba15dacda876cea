import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { BLOCKING_COUNT_MAX, BlockingBudget } from "../../firmware-bridge/src/blocking-budget.ts";
import { Ads1115Gauge } from "../../firmware-bridge/src/drivers/ads1115.ts";
import { Bh1750Gauge } from "../../firmware-bridge/src/drivers/bh1750.ts";
import { Bme280Gauge } from "../../firmware-bridge/src/drivers/bme280.ts";
import { Scd4xGauge } from "../../firmware-bridge/src/drivers/scd4x.ts";
import { Sht3xGauge } from "../../firmware-bridge/src/drivers/sht3x.ts";
import { crc8, wordsOf, wordWithCrc } from "../../firmware-bridge/src/i2c/crc8.ts";
import type { MemoryChip } from "../../firmware-bridge/src/i2c/memory.ts";
import { MemoryI2cBus, RegisterChip } from "../../firmware-bridge/src/i2c/memory.ts";
import { i2cError } from "../../firmware-bridge/src/i2c/port.ts";
import { I2cQueue, OPERATION_MS_MAX } from "../../firmware-bridge/src/i2c/queue.ts";
import { exampleRegisters, humidityOf, humidityRegisters, Rig } from "./bridge-hardware-rig.ts";

function busOf(rig: Rig, number = 1, budget = new BlockingBudget()) {
  const wire = new MemoryI2cBus(number);
  return { wire, bus: new I2cQueue({ number, wire, timers: rig.timers, budget }) };
}

function bme280(): RegisterChip {
  const chip = new RegisterChip();
  for (const [register, bytes] of exampleRegisters()) chip.load(register, bytes);
  chip.readOnly.add(0xd0);
  return chip;
}

/** A chip that answers each command with the bytes given for it. */
function commandChip(answers: ReadonlyMap<string, readonly number[]>) {
  const heard: string[] = [];
  const chip: MemoryChip = {
    write: (bytes) => heard.push(Buffer.from(bytes).toString("hex")),
    read: (length) => {
      const answer = answers.get(heard.at(-1) ?? "");
      if (answer === undefined) throw new Error("ENXIO");
      return Uint8Array.from(answer).subarray(0, length);
    },
  };
  return { chip, heard };
}

test("a chip that does not acknowledge is named so, also in the Pi's own words", () => {
  // As i2c-bus passes them on: Node knows no name for the code of the first.
  for (const detail of [", Remote I/O error", "ENXIO ENXIO, No such device or address"]) {
    const error = i2cError(1, 0x76, detail);
    assert.equal(error.reason, "nobody there", detail);
    assert.match(error.message, /nothing answers at 0x76 on i2c-1/);
  }
});

test("Sensirion's checksum is the datasheet's: 0xBEEF has 0x92", () => {
  assert.equal(crc8([0xbe, 0xef]), 0x92);
  assert.deepEqual(wordWithCrc(0xbeef), [0xbe, 0xef, 0x92]);
  assert.deepEqual(wordsOf(Uint8Array.of(0xbe, 0xef, 0x92)), [0xbeef]);
});

test("law: a checksum finds every change of up to two bits in a word", () => {
  const bit = fc.integer({ min: 0, max: 23 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), bit, bit, (word, one, other) => {
      const bytes = Uint8Array.from(wordWithCrc(word));
      for (const at of new Set([one, other])) {
        bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
      }
      assert.throws(() => wordsOf(bytes), /wrong checksum/);
    }),
  );
});

test("bme280: the datasheet's worked example gives 25.08 degC and 100653 Pa", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  const chip = bme280();
  wire.plugIn(0x76, chip);
  const gauge = new Bme280Gauge({ busNumber: 1, bus, address: 0x76, timers: rig.timers });
  const values = await rig.finish(gauge.measure());
  assert.deepEqual(values[0], { kind: "temperature", value: 25.08 });
  assert.deepEqual(values[2], { kind: "pressure", value: 1006.53 });
  assert.equal(values[1]?.kind, "humidity");
  assert.deepEqual(gauge.kinds(), ["temperature", "humidity", "pressure"]);
  assert.equal(chip.registers[0xf4] ?? 0, 0b01101101, "measured once, then asleep");
});

test("law: bme280: humidity is the datasheet's, whatever the signs of its trimming", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  const chip = bme280();
  wire.plugIn(0x76, chip);
  const signed = (bits: number) =>
    fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
  const trim = fc.record({
    h1: fc.nat(255),
    h2: fc.integer({ min: 200, max: 500 }),
    h3: fc.nat(10),
    h4: signed(12),
    h5: signed(10),
    h6: signed(8),
  });
  await fc.assert(
    fc.asyncProperty(trim, fc.integer({ min: 15_000, max: 50_000 }), async (words, raw) => {
      for (const [register, bytes] of humidityRegisters(words)) chip.load(register, bytes);
      chip.load(0xfd, [raw >> 8, raw & 0xff]);
      const gauge = new Bme280Gauge({ busNumber: 1, bus, address: 0x76, timers: rig.timers });
      const values = await rig.finish(gauge.measure());
      // t_fine of the datasheet's example.
      const expected = humidityOf(raw, 128_422, words);
      assert.ok(Math.abs((values[1]?.value ?? Number.NaN) - expected) < 0.05);
    }),
    { numRuns: 50 },
  );
});

test("bme280: a BMP280 has no humidity; altitude gives the pressure at the sea", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  const chip = bme280();
  chip.load(0xd0, [0x58]);
  wire.plugIn(0x77, chip);
  const options = { busNumber: 1, bus, address: 0x77, timers: rig.timers, altitude: 100 };
  const values = await rig.finish(new Bme280Gauge(options).measure());
  assert.deepEqual(
    values.map(({ kind }) => kind),
    ["temperature", "pressure"],
  );
  assert.ok(Math.abs((values[1]?.value ?? 0) - 1018.55) < 0.05, `${values[1]?.value}`);
});

test("bme280: another chip, a blank one and one that never measured are told apart", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  const chip = bme280();
  wire.plugIn(0x76, chip);
  const gauge = new Bme280Gauge({ busNumber: 1, bus, address: 0x76, timers: rig.timers });
  chip.load(0xd0, [0x61]);
  await assert.rejects(rig.finish(gauge.measure()), /a BME680: use platform iio/);
  chip.load(0xd0, [0xff]);
  await assert.rejects(rig.finish(gauge.measure()), /no BME280 or BMP280 \(chip id 0xff\)/);
  chip.load(0xd0, [0x60]);
  chip.load(0xf7, [0x80, 0, 0, 0x80, 0, 0, 0x80, 0]);
  await assert.rejects(rig.finish(gauge.measure()), /measured nothing/);
  chip.load(0x88, new Uint8Array(24));
  await assert.rejects(rig.finish(gauge.measure()), /calibration at 0x76 is blank/);
});

test("sht3x: the formula of the datasheet, and a wrong checksum is no reading", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  const answer = [...wordWithCrc(0x6667), ...wordWithCrc(0x8000)];
  const answers = new Map([["2400", answer]]);
  wire.plugIn(0x44, commandChip(answers).chip);
  const gauge = new Sht3xGauge(bus, 0x44, rig.timers);
  const [temperature, humidity] = await rig.finish(gauge.measure());
  assert.ok(Math.abs((temperature?.value ?? 0) - 25) < 0.005);
  assert.ok(Math.abs((humidity?.value ?? 0) - 50) < 0.005);
  answers.set("2400", [...answer.slice(0, 5), 0]);
  await assert.rejects(rig.finish(gauge.measure()), /wrong checksum/);
});

test("scd4x: the datasheet's example is 500 ppm, 25 degC and 37 %; stops what ran before", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  const answers = new Map([
    ["e4b8", [0x80, 0x06, 0x04]],
    ["ec05", [0x01, 0xf4, 0x33, 0x66, 0x67, 0xa2, 0x5e, 0xb9, 0x3c]],
  ]);
  const { chip, heard } = commandChip(answers);
  wire.plugIn(0x62, chip);
  const options = { bus, address: 0x62, timers: rig.timers, altitude: 1_950 };
  const gauge = new Scd4xGauge(options);
  const [co2, temperature, humidity] = await rig.finish(gauge.measure());
  assert.deepEqual(co2, { kind: "co2", value: 500 });
  assert.ok(Math.abs((temperature?.value ?? 0) - 25) < 0.01);
  assert.ok(Math.abs((humidity?.value ?? 0) - 37) < 0.01);
  // The datasheet's own example of an altitude (3.6.3).
  assert.deepEqual(heard.slice(0, 3), ["3f86", "2427079e09", "21b1"]);
  answers.set("e4b8", [...wordWithCrc(0x8000)]);
  await assert.rejects(rig.finish(gauge.measure()), /measures nothing/);
  answers.set("e4b8", [0x80, 0x06, 0x04]);
  await rig.finish(gauge.measure());
  assert.equal(heard.filter((line) => line === "21b1").length, 2, "set up again after a failure");
});

test("bh1750: the datasheet's example, 0x8390 is 28067 lx", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  wire.plugIn(0x23, commandChip(new Map([["20", [0x83, 0x90]]])).chip);
  const [light] = await rig.finish(new Bh1750Gauge(bus, 0x23, rig.timers).measure());
  assert.equal(Math.round(light?.value ?? 0), 28_067);
});

/** An ADS1115 with a voltage at its input, and what it was told to do. */
function ads1115(volts: () => number) {
  let pointer = 0;
  let config = 0x8583;
  const chip: MemoryChip = {
    write: ([register = 0, high, low]) => {
      pointer = register;
      if (high !== undefined && low !== undefined) config = (high << 8) | low;
    },
    read: () => {
      const scale = [6.144, 4.096, 2.048, 1.024, 0.512, 0.256][(config >> 9) & 7] ?? 0.256;
      const counts = Math.max(-32_768, Math.min(32_767, Math.round((volts() / scale) * 32_768)));
      const word = pointer === 0 ? counts & 0xffff : config | 0x8000;
      return Uint8Array.of(word >> 8, word & 0xff);
    },
  };
  return { chip, mux: () => (config >> 12) & 7, once: () => (config & 0x100) !== 0 };
}

test("ads1115: volts at the input asked for, negative ones too, times the scale", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  let volts = 1.5;
  const { chip, mux } = ads1115(() => volts);
  wire.plugIn(0x48, chip);
  const { timers, clock } = rig;
  const monotonicMs = () => clock.monotonicMs();
  const common = { bus, address: 0x48, timers, monotonicMs, channel: 2, gain: 2.048 };
  const gauge = new Ads1115Gauge({ ...common, kind: "light", scale: 1_000, windowMs: 250 });
  const [light] = await rig.finish(gauge.measure());
  assert.ok(Math.abs((light?.value ?? 0) - 1_500) < 0.1);
  assert.equal(mux(), 0b110);
  volts = -0.25;
  const [below] = await rig.finish(gauge.measure());
  assert.ok(Math.abs((below?.value ?? 0) + 250) < 0.1);
});

test("ads1115: sound is the level of the signal alone, whatever its bias", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  let sample = 0;
  const { chip, once } = ads1115(() => 1.65 + 0.1 * (sample++ % 2 === 0 ? 1 : -1));
  wire.plugIn(0x48, chip);
  const { timers, clock } = rig;
  // Reading takes no time here: the clock moves with the samples.
  const monotonicMs = () => clock.monotonicMs() + sample;
  const common = { bus, address: 0x48, timers, monotonicMs, channel: 0, gain: 4.096 };
  const gauge = new Ads1115Gauge({ ...common, kind: "sound", scale: 1, windowMs: 250 });
  const [sound] = await rig.finish(gauge.measure());
  assert.ok(Math.abs((sound?.value ?? 0) + 20) < 0.1, `${sound?.value} dB for 0.1 V RMS`);
  assert.ok(sample >= 250 && once(), "listened for its window, and rests");
});

test("a bus is a queue: however many ask, one transaction at a time", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  wire.plugIn(0x20, new RegisterChip());
  const all = Array.from({ length: 50 }, (_, at) => bus.readRegister(0x20, at, 1));
  await rig.finish(Promise.all(all));
  assert.equal(wire.mostAtOnce, 1);
  assert.equal(wire.transactions, 50);
});

test("a bus that hangs fails its sensors with the reason, and no other bus's", async () => {
  const rig = new Rig();
  const budget = new BlockingBudget();
  const bad = busOf(rig, 1, budget);
  const good = busOf(rig, 3, budget);
  for (const { wire } of [bad, good]) wire.plugIn(0x76, bme280());
  const sensorOn = ({ bus }: typeof bad, busNumber: number) =>
    rig.sensor(new Bme280Gauge({ busNumber, bus, address: 0x76, timers: rig.timers }), 1_000);
  const hung = sensorOn(bad, 1);
  const well = sensorOn(good, 3);
  await rig.until(() => hung.readings.length > 0 && well.readings.length > 0);
  bad.wire.hang();
  const before = well.readings.length;
  const asked = bad.wire.transactions;
  await rig.pass(30_000);
  assert.match(JSON.stringify(hung.sensor.health()), /"failing".*i2c-1 hangs/);
  assert.equal(well.sensor.health().state, "ok");
  assert.ok(well.readings.length - before >= 75, `${well.readings.length - before} in 30 s`);
  assert.ok(bad.wire.transactions - asked <= 2, "nothing more is thrown at a dead bus");
  assert.ok(budget.busy <= 2, "one place is taken, whatever the other bus does just now");
  bad.wire.recover();
  await rig.until(() => hung.sensor.health().state === "ok");
  await hung.sensor.stop();
  await well.sensor.stop();
});

test("a sensor that is gone is asked with growing pauses, and is well when it is back", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  const { sensor, readings } = rig.sensor(new Sht3xGauge(bus, 0x44, rig.timers), 1_000);
  await rig.pass(100);
  const health = sensor.health();
  assert.match(health.state === "failing" ? health.error : "", /nothing answers at 0x44 on i2c-1/);
  await rig.pass(16_000);
  const early = wire.transactions;
  assert.ok(early >= 3 && early <= 6, `${early} tries in 16 s`);
  await rig.pass(120_000);
  assert.ok(wire.transactions - early <= 4, `${wire.transactions - early} in 2 min more`);
  const answer = [...wordWithCrc(0x6667), ...wordWithCrc(0x8000)];
  wire.plugIn(0x44, commandChip(new Map([["2400", answer]])).chip);
  await rig.pass(70_000);
  assert.deepEqual(sensor.health(), { state: "ok" });
  assert.ok(readings.length >= 2);
  await rig.finish(sensor.stop());
  assert.equal(rig.timers.count, 0);
});

/** Node's threads for files and look-ups, where nobody has set UV_THREADPOOL_SIZE. */
const LIBUV_THREADS = 4;

test("no more may hang at once than leave Node a thread", async () => {
  const budget = new BlockingBudget();
  const releases: (() => void)[] = [];
  const hang = () => new Promise<void>((resolve) => releases.push(resolve));
  const all = Array.from({ length: 6 }, () => budget.run(hang));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(releases.length, BLOCKING_COUNT_MAX);
  assert.ok(BLOCKING_COUNT_MAX < LIBUV_THREADS);
  for (let at = 0; at < 6; at++) {
    releases[at]?.();
    await all[at];
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(budget.busy, 0);
});

test("a deadline is two seconds, also for who only waits in the queue", async () => {
  const rig = new Rig();
  const { wire, bus } = busOf(rig);
  wire.plugIn(0x20, new RegisterChip());
  wire.hang();
  const startedMs = rig.clock.monotonicMs();
  const first = bus.readRegister(0x20, 0, 1);
  const second = bus.readRegister(0x20, 0, 1);
  second.catch(() => {});
  await assert.rejects(rig.finish(first), /0x20 on i2c-1 hangs, no answer in 2 s/);
  await assert.rejects(rig.finish(second), /^Error: i2c-1 hangs/);
  assert.ok(rig.clock.monotonicMs() - startedMs <= OPERATION_MS_MAX + 100);
  wire.recover();
  await rig.finish(bus.readRegister(0x20, 0, 1));
  assert.equal(wire.transactions, 2, "who had given up is not asked for");
});
