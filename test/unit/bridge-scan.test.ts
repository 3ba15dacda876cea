import assert from "node:assert/strict";
import test from "node:test";
import { MemoryHeader } from "../../firmware-bridge/src/gpio/memory.ts";
import type { Hardware } from "../../firmware-bridge/src/hardware.ts";
import { wordWithCrc } from "../../firmware-bridge/src/i2c/crc8.ts";
import { MemoryI2cBus, RegisterChip } from "../../firmware-bridge/src/i2c/memory.ts";
import { I2cError } from "../../firmware-bridge/src/i2c/port.ts";
import { linesOf, scanSensors } from "../../firmware-bridge/src/scan.ts";
import { MemoryFiles } from "../../firmware-bridge/src/sysfs/memory.ts";
import { Rig } from "./bridge-hardware-rig.ts";

/** A Pi in memory with these buses, and its rig. */
function pi(...numbers: readonly number[]) {
  const rig = new Rig();
  const files = new MemoryFiles();
  const buses = new Map(numbers.map((number) => [number, new MemoryI2cBus(number)]));
  for (const number of numbers) files.put("/dev", { [`i2c-${number}`]: "" });
  const bus = (number: number) => {
    const found = buses.get(number);
    assert.ok(found);
    return found;
  };
  const hardware: Hardware = { i2c: bus, openLine: new MemoryHeader().open, files };
  return { files, bus, scan: () => rig.finish(scanSensors(hardware, rig.timers)) };
}

function chipWith(registers: Readonly<Record<number, readonly number[]>>): RegisterChip {
  const chip = new RegisterChip();
  for (const [register, bytes] of Object.entries(registers)) chip.load(Number(register), bytes);
  return chip;
}

/** A chip whose registers are words, each with its own number, as the ADS1115's. */
function wordsChip(registers: Readonly<Record<number, readonly number[]>>) {
  let pointer = 0;
  return {
    write: ([register = 0]: Uint8Array) => {
      pointer = register;
    },
    read: () => Uint8Array.from(registers[pointer] ?? [0, 0]),
  };
}

/** Answers one command, as Sensirion's chips do, and nothing else. */
function sensirion(command: string) {
  let heard = "";
  return {
    write: (bytes: Uint8Array) => {
      heard = Buffer.from(bytes).toString("hex");
    },
    read: () => {
      if (heard !== command) throw new Error("ENXIO");
      return Uint8Array.from(wordWithCrc(0x8010));
    },
  };
}

test("every chip is told by its id, with the lines that configure it", async () => {
  const { bus, scan } = pi(1);
  bus(1).plugIn(0x76, chipWith({ 208: [0x60] }));
  bus(1).plugIn(0x77, chipWith({ 208: [0x60] }));
  bus(1).plugIn(0x44, sensirion("f32d"));
  bus(1).plugIn(0x45, sensirion("89"));
  bus(1).plugIn(0x62, sensirion("e4b8"));
  bus(1).plugIn(0x48, wordsChip({ 2: [0x80, 0], 3: [0x7f, 0xff] }));
  bus(1).plugIn(0x49, wordsChip({ 2: [0x4b, 0], 3: [0x50, 0] }));
  bus(1).plugIn(0x23, chipWith({}));
  bus(1).plugIn(0x68, chipWith({}));
  const { found, troubles, buses } = await scan();
  assert.deepEqual(
    found.map(({ where, use }) => [where, use]),
    [
      ["i2c-1 0x23", "once configured"],
      ["i2c-1 0x44", "by itself"],
      ["i2c-1 0x45", "not"],
      ["i2c-1 0x48", "once configured"],
      ["i2c-1 0x49", "not"],
      ["i2c-1 0x62", "by itself"],
      ["i2c-1 0x68", "not"],
      ["i2c-1 0x76", "by itself"],
      ["i2c-1 0x77", "by itself"],
    ],
  );
  assert.deepEqual([troubles, buses], [[], [1]]);
  const items = found.flatMap(({ item }) => (item === undefined ? [] : [item]));
  assert.deepEqual(linesOf(items.slice(-2)), [
    "  - platform: bme280",
    "    name: bme280",
    "  - platform: bme280",
    "    name: bme280-2",
    "    address: 0x77",
  ]);
});

test("what the kernel drives comes first, thermometers on a wire and serial boxes too", async () => {
  const { files, bus, scan } = pi(0);
  bus(0).plugIn(0x76, chipWith({ 208: [0x58] }));
  files.put("/sys/bus/iio/devices/iio:device0", { name: "bme680", in_temp_input: "1" });
  files.put("/sys/bus/w1/devices/28-0316a2795f3c", { w1_slave: "" });
  files.put("/dev/serial/by-id", { "usb-Raspberry_Pi_Pico-if00": "" });
  const { found } = await scan();
  assert.deepEqual(
    found.map(({ item }) => item),
    [
      { platform: "iio", name: "bme680", device: "bme680" },
      { platform: "w1", name: "w1-28-0316a2795f3c", id: "28-0316a2795f3c" },
      { platform: "bme280", name: "bme280", i2c_bus: 0 },
      {
        platform: "serial",
        name: "box",
        path: "/dev/serial/by-id/usb-Raspberry_Pi_Pico-if00",
      },
    ],
  );
});

test("a bus that hangs or is forbidden is a trouble of its own, screens' buses are left alone", async () => {
  const { files, bus, scan } = pi(1, 3, 20);
  bus(1).plugIn(0x76, chipWith({ 208: [0x60] }));
  files.put("/sys/class/i2c-dev/i2c-20", { name: "fef04500.i2c hdmi" });
  bus(3).probe = () => Promise.reject(new I2cError("permission", "no permission on /dev/i2c-3"));
  const { found, troubles } = await scan();
  assert.equal(found.length, 1);
  assert.deepEqual(troubles, [{ where: "i2c-3", says: "no permission on /dev/i2c-3" }]);
  assert.equal(bus(20).transactions, 0);
});

test("a chip that a kernel driver holds is told as such", async () => {
  const { bus, scan } = pi(1);
  const chip = bus(1);
  const probe = chip.probe.bind(chip);
  chip.probe = (address) =>
    address === 0x76 ? Promise.reject(new I2cError("held", "held")) : probe(address);
  const { found } = await scan();
  assert.deepEqual(found, [
    { where: "i2c-1 0x76", what: "a chip that a kernel driver has", use: "not" },
  ]);
});
