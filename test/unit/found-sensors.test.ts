import assert from "node:assert/strict";
import test from "node:test";
import { MemoryHeader } from "../../firmware-bridge/src/gpio/memory.ts";
import type { Hardware } from "../../firmware-bridge/src/hardware.ts";
import { MemoryI2cBus, RegisterChip } from "../../firmware-bridge/src/i2c/memory.ts";
import type { SensorItem } from "../../firmware-bridge/src/scan.ts";
import { MemoryFiles } from "../../firmware-bridge/src/sysfs/memory.ts";
import { checkConfig } from "../../src/config/check.ts";
import { settingsOf } from "../../src/config/found-sensors.ts";
import { searchOf } from "../../src/wire-search.ts";
import { Rig } from "./bridge-hardware-rig.ts";

/** A Pi whose bus 1 has a BME280 that runs, and whatever is plugged in. */
function pi(kept: readonly SensorItem[] = []) {
  const rig = new Rig();
  const files = new MemoryFiles();
  files.put("/dev", { "i2c-1": "" });
  const bus = new MemoryI2cBus(1);
  const asked: number[] = [];
  const plug = (address: number, id: number) => {
    const chip = new RegisterChip();
    chip.load(0xd0, [id]);
    bus.plugIn(address, {
      write: (bytes) => {
        asked.push(address);
        chip.write(bytes);
      },
      read: (length) => chip.read(length),
    });
  };
  plug(0x76, 0x60);
  const hardware: Hardware = { i2c: () => bus, openLine: new MemoryHeader().open, files };
  const used = settingsOf([{ platform: "bme280", name: "bme280" }]);
  const search = searchOf({ hardware, timers: rig.timers, clock: rig.clock, used, kept });
  return { rig, bus, plug, asked, hardware, search: () => rig.finish(search()) };
}

test("what is not used yet comes with lines that the configuration takes", async () => {
  const { rig, plug, asked, search } = pi();
  assert.deepEqual(await search(), { found: [], troubles: [], buses: 1, lines: [] });
  plug(0x77, 0x60);
  plug(0x50, 0);
  assert.deepEqual((await search()).found, [], "however many pages ask, one search in a while");
  rig.clock.advance(5_000);
  const { found, lines } = await search();
  assert.deepEqual(
    found.map(({ where, state }) => [where, state]),
    [
      ["i2c-1 0x50", "unknown"],
      ["i2c-1 0x77", "new"],
    ],
  );
  assert.deepEqual(lines, [
    "sensors:",
    "  - platform: bme280",
    "    name: bme280-2",
    "    address: 0x77",
  ]);
  assert.ok((await checkConfig("x.yaml", lines.join("\n"))).ok);
  assert.ok(!asked.includes(0x76), "a chip in use is left to its driver");
});

test("lines for a Pi with no configuration keep what it found by itself", async () => {
  const { plug, search } = pi([{ platform: "bme280", name: "bme280" }]);
  plug(0x77, 0x60);
  const { lines } = await search();
  assert.deepEqual(
    lines.filter((line) => line.includes("name")),
    ["    name: bme280", "    name: bme280-2"],
  );
});

test("a bus that can't be used is told, with what to do", async () => {
  const { hardware, rig } = pi();
  const files = hardware.files as MemoryFiles;
  files.put("/dev", { "i2c-2": "" });
  const broken = { ...hardware, i2c: () => Object.assign(new MemoryI2cBus(2), { probe: hang }) };
  const parts = { hardware: broken, timers: rig.timers, clock: rig.clock, used: [], kept: [] };
  const { troubles } = await rig.finish(searchOf(parts)());
  assert.match(troubles.map(({ says }) => says).join(), /a bus hangs/);
});

const hang = () => new Promise<void>(() => {});
