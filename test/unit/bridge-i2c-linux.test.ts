import assert from "node:assert/strict";
import test from "node:test";
import type { PromisifiedBus } from "i2c-bus";
import { LinuxI2cBus } from "../../firmware-bridge/src/i2c/linux.ts";
import { I2cError, i2cError } from "../../firmware-bridge/src/i2c/port.ts";

/** The package's bus, which notes what is asked of it and answers with 1, 2, 3, ... */
function fakePackage() {
  const heard: unknown[][] = [];
  let failing: NodeJS.ErrnoException | undefined;
  const note = async (...call: unknown[]) => {
    heard.push(call);
    if (failing !== undefined) throw failing;
  };
  const fill = (buffer: Uint8Array) => buffer.map((_byte, at) => at + 1);
  const bus: PromisifiedBus = {
    i2cRead: async (address, length, buffer) => {
      await note("i2cRead", address, length);
      return { bytesRead: length, buffer: fill(buffer) };
    },
    i2cWrite: (address, length, buffer) => note("i2cWrite", address, length, [...buffer]),
    receiveByte: async (address) => {
      await note("receiveByte", address);
      return 9;
    },
    writeQuick: (address, bit) => note("writeQuick", address, bit),
    readByte: async (address, register) => {
      await note("readByte", address, register);
      return 7;
    },
    readI2cBlock: async (address, register, length, buffer) => {
      await note("readI2cBlock", address, register, length);
      return { bytesRead: register === 0xff ? 1 : length, buffer: fill(buffer) };
    },
    writeByte: (address, register, value) => note("writeByte", address, register, value),
    writeI2cBlock: (address, register, length, bytes) =>
      note("writeI2cBlock", address, register, length, [...bytes]),
    close: async () => {
      heard.push(["close"]);
    },
  };
  const opened: number[] = [];
  const open = async (number: number) => {
    opened.push(number);
    return bus;
  };
  const fail = (code: string | undefined) => {
    failing = code === undefined ? undefined : Object.assign(new Error(code), { code });
  };
  return { heard, opened, open, fail };
}

test("each transaction is the package's own, opened once", async () => {
  const { heard, opened, open } = fakePackage();
  const bus = new LinuxI2cBus(3, open);
  assert.deepEqual([...(await bus.read(0x62, 3))], [1, 2, 3]);
  assert.deepEqual([...(await bus.read(0x62, 1))], [9]);
  await bus.write(0x62, Uint8Array.of(0x21, 0xb1));
  assert.deepEqual([...(await bus.readRegister(0x76, 0xd0, 1))], [7]);
  assert.deepEqual([...(await bus.readRegister(0x76, 0xf7, 2))], [1, 2]);
  await bus.writeRegister(0x76, 0xf4, Uint8Array.of(0x25));
  await bus.writeRegister(0x48, 1, Uint8Array.of(0x85, 0x83));
  await bus.probe(0x76);
  await bus.probe(0x50);
  assert.deepEqual(heard, [
    ["i2cRead", 0x62, 3],
    ["receiveByte", 0x62],
    ["i2cWrite", 0x62, 2, [0x21, 0xb1]],
    ["readByte", 0x76, 0xd0],
    ["readI2cBlock", 0x76, 0xf7, 2],
    ["writeByte", 0x76, 0xf4, 0x25],
    ["writeI2cBlock", 0x48, 1, 2, [0x85, 0x83]],
    ["writeQuick", 0x76, 0],
    ["receiveByte", 0x50],
  ]);
  assert.deepEqual(opened, [3]);
});

test("a failure is told by its reason, and the bus is opened afresh", async () => {
  const { opened, open, fail } = fakePackage();
  const bus = new LinuxI2cBus(1, open);
  for (const [code, reason] of [
    ["EREMOTEIO", "nobody there"],
    ["ENXIO", "nobody there"],
    ["EBUSY", "held"],
    ["EACCES", "permission"],
    ["ENOENT", "no bus"],
    ["ETIMEDOUT", "timeout"],
    ["EOPNOTSUPP", "other"],
  ] as const) {
    fail(code);
    await assert.rejects(bus.read(0x76, 2), (error: unknown) => {
      assert.ok(error instanceof I2cError);
      assert.equal(error.reason, reason, code);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }
  fail(undefined);
  await bus.read(0x76, 2);
  assert.equal(opened.length, 8);
  await assert.rejects(bus.readRegister(0x76, 0xff, 4), /only 1 of 4 bytes/);
});

test("who lacks a group is told which", () => {
  const { message } = i2cError(1, 0x76, "EACCES: permission denied, open '/dev/i2c-1'");
  assert.equal(message, "no permission on /dev/i2c-1: add the user to the group i2c");
});
