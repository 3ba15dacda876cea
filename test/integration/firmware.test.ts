import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { JsonLines } from "../../firmware-bridge/src/json-lines.ts";
import { readSerialLine } from "../../firmware-bridge/src/serial-line.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const SKETCH = join(ROOT, "firmware-bridge/firmware/arduino/watercooler_box/watercooler_box.ino");
const PYTHON = join(ROOT, "firmware-bridge/firmware/micropython");
const STANDINS = join(ROOT, "test/integration/firmware");
const AVR_CORE = "/usr/share/arduino/hardware/arduino/avr";
const STRICT = ["-Wall", "-Wextra", "-Werror"];

const missing = (tool: string) =>
  spawnSync(tool, ["--version"], { stdio: "ignore" }).error === undefined
    ? false
    : `${tool} is not installed`;

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "watercooler-firmware-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** What a box said in 25 s: three reports, and one line more when the PIR rose. */
function assertSpoken(output: Buffer): void {
  const events = new JsonLines().feed(output);
  const lines = events.map((event) => {
    assert.equal(event.type, "line");
    return readSerialLine("box", event.type === "line" ? event.value : undefined);
  });
  assert.deepEqual(lines[0], { type: "hello", name: "box", firmware: "1.0" });
  const readings = lines.slice(1).flatMap((line) => {
    assert.equal(line.type, "reading", JSON.stringify(line));
    return line.type === "reading" ? [line] : [];
  });
  const values = (sensor: string) =>
    readings.filter((reading) => reading.sensor === `box.${sensor}`).map(({ value }) => value);
  assert.deepEqual(values("pir"), [0, 1, 1, 1]);
  assert.deepEqual([values("noise").length, values("light").length], [3, 3]);
  for (const decibels of values("noise"))
    assert.ok(Math.abs(decibels - 74) < 0.5, `${decibels} dB`);
  for (const lux of values("light")) assert.ok(Math.abs(lux - 50) < 1, `${lux} lx`);
}

for (const board of ["an Arduino", "an ESP32"] as const) {
  test(`the sketch speaks the serial lines, as on ${board}`, {
    skip: missing("g++"),
  }, (context) => {
    const program = join(folder(context), "box");
    const defines = board === "an ESP32" ? ["-DESP32"] : [];
    const source = ["-x", "c++", "-std=gnu++17", "-I", STANDINS, ...defines, SKETCH];
    execFileSync("g++", [...STRICT, ...source, "-o", program], { stdio: "pipe" });
    assertSpoken(execFileSync(program));
  });
}

const noAvr = existsSync(AVR_CORE) ? missing("avr-g++") : "arduino-core-avr is not installed";
test("the sketch compiles against Arduino's own core", { skip: noAvr }, (context) => {
  const includes = ["-I", `${AVR_CORE}/cores/arduino`, "-I", `${AVR_CORE}/variants/standard`];
  const board = ["-mmcu=atmega328p", "-DF_CPU=16000000L", "-DARDUINO=10819", "-DARDUINO_ARCH_AVR"];
  const source = ["-x", "c++", "-std=gnu++11", "-Os", ...board, ...includes, "-c", SKETCH];
  const object = join(folder(context), "box.o");
  execFileSync("avr-g++", ["-Wall", "-Wextra", ...source, "-o", object], { stdio: "pipe" });
});

test("the MicroPython box speaks the serial lines", { skip: missing("python3") }, () => {
  const code = `import sys; sys.path[:0] = [${JSON.stringify(STANDINS)}, ${JSON.stringify(PYTHON)}]
import clock, main`;
  assertSpoken(execFileSync("python3", ["-B", "-c", code]));
});
