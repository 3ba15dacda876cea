import assert from "node:assert/strict";
import test from "node:test";
import { BlockingBudget } from "../../firmware-bridge/src/blocking-budget.ts";
import { IioGauge } from "../../firmware-bridge/src/drivers/iio.ts";
import { W1Gauge } from "../../firmware-bridge/src/drivers/w1.ts";
import { hwmonChannels, iioChannels } from "../../firmware-bridge/src/sysfs/channels.ts";
import { LinuxFiles } from "../../firmware-bridge/src/sysfs/linux.ts";
import { MemoryFiles } from "../../firmware-bridge/src/sysfs/memory.ts";
import { Rig } from "./bridge-hardware-rig.ts";

const IIO = "/sys/bus/iio/devices";
const HWMON = "/sys/class/hwmon";
const W1 = "/sys/bus/w1/devices";

test("iio: the kernel's own BME280 driver gives the datasheet's example in our units", async () => {
  const files = new MemoryFiles();
  files.put(`${IIO}/iio:device0`, {
    name: "bme280\n",
    in_temp_input: "25080\n",
    in_pressure_input: "100.653253906\n",
    in_humidityrelative_input: "46170\n",
    in_temp_oversampling_ratio: "2",
  });
  const gauge = new IioGauge(files, undefined);
  assert.deepEqual(await gauge.measure(), [
    { kind: "humidity", value: 46.17 },
    { kind: "pressure", value: 1006.532539 },
    { kind: "temperature", value: 25.08 },
  ]);
  assert.deepEqual(gauge.kinds(), ["humidity", "pressure", "temperature"]);
});

test("iio: raw values take their offset and scale, their own before their type's", async () => {
  const files = new MemoryFiles();
  files.put(`${IIO}/iio:device3`, {
    name: "scd4x",
    in_concentration_co2_raw: "612",
    in_concentration_co2_scale: "0.000100000",
    in_temp_raw: "26214",
    in_temp_offset: "-16852",
    in_temp_scale: "2.670328",
  });
  const [co2, temperature] = await new IioGauge(files, "scd4x").measure();
  assert.deepEqual(co2, { kind: "co2", value: 612 });
  assert.ok(Math.abs((temperature?.value ?? 0) - 25) < 0.01);
  files.put(`${IIO}/iio:device4`, {
    name: "ads1015",
    in_voltage0_raw: "1000",
    in_voltage1_raw: "1000",
    in_voltage_scale: "2",
    in_voltage1_scale: "0.125",
  });
  assert.deepEqual(await new IioGauge(files, "iio:device4").measure(), [
    { kind: "voltage", value: 2, part: "voltage0" },
    { kind: "voltage", value: 0.125, part: "voltage1" },
  ]);
});

test("iio: hwmon chips are there too, the board's own heat is not", async () => {
  const files = new MemoryFiles();
  files.put(`${HWMON}/hwmon0`, { name: "cpu_thermal", temp1_input: "51000" });
  files.put(`${HWMON}/hwmon1`, { name: "sht4x", temp1_input: "21430", humidity1_input: "48100" });
  const gauge = new IioGauge(files, undefined);
  assert.deepEqual(await gauge.measure(), [
    { kind: "humidity", value: 48.1 },
    { kind: "temperature", value: 21.43 },
  ]);
  files.put(`${HWMON}/hwmon2`, { name: "lm75", temp1_input: "20000" });
  await assert.rejects(
    new IioGauge(files, undefined).measure(),
    /set device to one of: sht4x \(hwmon1\), lm75 \(hwmon2\)/,
  );
  await assert.rejects(new IioGauge(files, "bme680").measure(), /no kernel device "bme680"/);
});

test("iio: a chip that is gone says so, and is found again under another number", async () => {
  const files = new MemoryFiles();
  const bme = { name: "bme680", in_temp_input: "20000" };
  files.put(`${IIO}/iio:device0`, bme);
  const gauge = new IioGauge(files, "bme680");
  await gauge.measure();
  files.fail(`${IIO}/iio:device0/in_temp_input`, "EREMOTEIO");
  await assert.rejects(gauge.measure(), /bme680 does not answer its kernel driver \(EREMOTEIO\)/);
  files.remove(`${IIO}/iio:device0`);
  await assert.rejects(gauge.measure(), /no kernel device/);
  files.put(`${IIO}/iio:device7`, bme);
  assert.deepEqual(await gauge.measure(), [{ kind: "temperature", value: 20 }]);
  files.put(`${IIO}/iio:device7`, { in_temp_input: "" });
  await assert.rejects(gauge.measure(), /in_temp_input is no number/);
});

test("channels: what is worked out comes before what is raw; what we don't know is left", () => {
  const files = ["in_temp_raw", "in_temp_input", "in_temp_scale", "in_accel_x_raw", "name"];
  assert.deepEqual(
    iioChannels(files).map(({ file, scaleFile }) => [file, scaleFile]),
    [["in_temp_input", undefined]],
  );
  assert.deepEqual(hwmonChannels(["fan1_input", "temp1_crit", "temp2_input"]).length, 1);
});

const line = (hex: string, check: "YES" | "NO", milli: number) =>
  `${hex} : crc=3e ${check}\n${hex} t=${milli}\n`;
const SOME = "72 01 4b 46 7f ff 0e 10 57";

test("w1: degrees with a right checksum; the power-on value and a dead wire are none", async () => {
  const files = new MemoryFiles();
  const id = "28-0316a2795f3c";
  const say = (text: string) => files.put(`${W1}/${id}`, { w1_slave: text });
  files.put(`${W1}/w1_bus_master1`, { name: "w1_bus_master1" });
  await assert.rejects(new W1Gauge(files, undefined).measure(), /no 1-Wire thermometer/);
  say(line(SOME, "YES", 23_125));
  const gauge = new W1Gauge(files, undefined);
  assert.deepEqual(await gauge.measure(), [{ kind: "temperature", value: 23.125 }]);
  say(line(SOME, "YES", -1_250));
  assert.deepEqual(await gauge.measure(), [{ kind: "temperature", value: -1.25 }]);
  for (const [text, reason] of [
    [line(SOME, "NO", 23_125), /wrong checksum/],
    [line("00 00 00 00 00 00 00 00 00", "YES", 0), /wrong checksum/],
    [line("50 05 4b 46 7f ff 0c 10 1c", "YES", 85_000), /lost its power/],
    ["", /wrong checksum/],
  ] as const) {
    say(text);
    await assert.rejects(gauge.measure(), reason);
  }
  for (const milli of [84_000, 85_000]) {
    say(line(SOME, "YES", milli));
    assert.equal((await gauge.measure())[0]?.value, milli / 1_000, "hot by degrees is true");
  }
  files.put(`${W1}/10-000802b4ba0e`, { w1_slave: line(SOME, "YES", 1) });
  await assert.rejects(new W1Gauge(files, undefined).measure(), /set id to one of: 10-0008/);
});

test("a file that hangs costs one thread, fails with its name, and holds up no other", async () => {
  const rig = new Rig();
  const budget = new BlockingBudget();
  const asked: string[] = [];
  let release = (_text: string) => {};
  const files = new LinuxFiles({
    timers: rig.timers,
    budget,
    readText: (path) => {
      asked.push(path);
      if (path !== "/bad") return Promise.resolve("21000\n");
      return new Promise((resolve) => {
        release = resolve;
      });
    },
  });
  await assert.rejects(rig.finish(files.read("/bad")), /\/bad hangs, no answer in 10 s/);
  for (let turn = 0; turn < 5; turn++) {
    await assert.rejects(rig.finish(files.read("/bad")), /hangs/);
    assert.equal(await rig.finish(files.read("/good")), "21000");
  }
  assert.equal(asked.filter((path) => path === "/bad").length, 1);
  assert.equal(budget.busy, 1);
  release("22000");
  await rig.pass(10);
  const again = files.read("/bad");
  release("22000");
  await rig.pass(10);
  release("22000");
  assert.equal(await rig.finish(again), "22000");
  assert.equal(budget.busy, 0);
});
