import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import test from "node:test";
import { MemoryHeader } from "../../firmware-bridge/src/gpio/memory.ts";
import type { Hardware } from "../../firmware-bridge/src/hardware.ts";
import { MemoryI2cBus, RegisterChip } from "../../firmware-bridge/src/i2c/memory.ts";
import { I2cError } from "../../firmware-bridge/src/i2c/port.ts";
import { MemoryFiles } from "../../firmware-bridge/src/sysfs/memory.ts";
import { completeConfig } from "../../src/config/config.ts";
import type { ConfigFile } from "../../src/config/schema.ts";
import { examine } from "../../src/doctor/examine.ts";
import type { Finding } from "../../src/doctor/finding.ts";

/** A Pi in memory with a BME280 at 0x76 of its only bus. */
function pi() {
  const bus = new MemoryI2cBus(1);
  const chip = new RegisterChip();
  chip.load(0xd0, [0x60]);
  bus.plugIn(0x76, chip);
  const files = new MemoryFiles();
  files.put("/dev", { "i2c-1": "" });
  const hardware: Hardware = { i2c: () => bus, openLine: new MemoryHeader().open, files };
  return { bus, files, hardware };
}

async function buses(file: ConfigFile, hardware: Hardware): Promise<readonly Finding[]> {
  const quiet = {
    mesh: { listen: "127.0.0.1:0", discovery: "off" as const },
    api: { listen: "" },
    data: tmpdir(),
  };
  const around = { env: {}, hostname: "pi", homedir: "/nonexistent" };
  const config = completeConfig({ ...quiet, ...file }, around);
  const findings = await examine({ config, node: "does not run", hardware });
  return findings.filter(({ check }) => check === "buses");
}

const climate = { platform: "bme280", name: "climate" } as const;

test("a chip that is configured is well, one that is not has the way to its lines", async () => {
  const { hardware } = pi();
  const says = "i2c-1 0x76: BME280";
  assert.deepEqual(await buses({ sensors: [climate] }, hardware), [
    { check: "buses", state: "ok", says },
  ]);
  assert.deepEqual(await buses({}, hardware), [{ check: "buses", state: "ok", says }]);
  const [unused] = await buses({ sensors: [] }, hardware);
  assert.equal(unused?.state, "warn");
  assert.match(unused?.mend ?? "", /sensors scan/);
});

test("a bus that can't be used fails where a sensor needs it, and is a warning elsewhere", async () => {
  const { bus, hardware } = pi();
  const says = "no permission on /dev/i2c-1: add the user to the group i2c";
  bus.probe = () => Promise.reject(new I2cError("permission", says));
  const expected = {
    check: "buses",
    says: "no permission on /dev/i2c-1",
    mend: "add the user to the group i2c",
  };
  assert.deepEqual(await buses({ sensors: [climate] }, hardware), [{ ...expected, state: "fail" }]);
  assert.deepEqual(await buses({ sensors: [] }, hardware), [{ ...expected, state: "warn" }]);
});

test("why a bus is not there is told as far as the machine's own files do", async () => {
  const { hardware } = pi();
  const boot = "/boot/firmware";
  const told = async (fill: (files: MemoryFiles) => void) => {
    const files = new MemoryFiles();
    fill(files);
    const [finding] = await buses({ sensors: [climate] }, { ...hardware, files });
    return `${finding?.says}: ${finding?.mend}`;
  };
  const text = (config: string) => told((files) => files.put(boot, { "config.txt": config }));
  assert.match(
    await text("#dtparam=i2c_arm=on\n"),
    /or add dtparam=i2c_arm=on to \/boot\/firmware/,
  );
  assert.match(await text("dtparam=i2c_arm=off\n"), /or add dtparam/);
  assert.match(await text("dtparam=i2c_arm_baudrate=400000\n"), /or add dtparam/);
  for (const line of ["dtparam=i2c_arm=on", "dtparam=spi=on,i2c=on", " dtparam=i2c_arm=on # bus"]) {
    assert.match(await text(`[all]\n${line}\n`), /turns it on: sudo reboot$/, line);
  }
  const withoutModule = await told((files) => files.put("/sys/bus/i2c/devices", { "i2c-1": "" }));
  assert.match(withoutModule, /its module i2c-dev is not: .*sudo modprobe i2c-dev$/);
});

test("a bus that is not there fails with the command that turns it on", async () => {
  const { hardware } = pi();
  const none: Hardware = { ...hardware, files: new MemoryFiles() };
  const [missing] = await buses({ sensors: [climate] }, none);
  assert.equal(missing?.says, "no /dev/i2c-1");
  assert.match(missing?.mend ?? "", /^sudo raspi-config nonint do_i2c 0/);
  assert.equal((await buses({ sensors: [] }, none))[0]?.says, "no I2C bus here");
});
