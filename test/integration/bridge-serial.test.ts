import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { SerialConfig } from "../../firmware-bridge/src/sensor-config.ts";
import { createSensor } from "../../firmware-bridge/src/sensors.ts";
import { serialPort } from "../../firmware-bridge/src/serial-port.ts";
import { systemTimers } from "../../firmware-bridge/src/timers.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Reading } from "../../src/reading/reading.ts";

const hasSocat = spawnSync("socat", ["-V"]).status === 0;
const skip = hasSocat ? false : "needs socat (apt install socat)";

async function until(condition: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Cable {
  readonly process: ChildProcess;
  /** The microcontroller's end, held open: socat ends when the last holder lets go. */
  readonly device: FileHandle;
}

/** Two pseudo-terminals joined by a cable; `host` and `device` in the folder are its ends. */
async function plugIn(folder: string): Promise<Cable> {
  const [host, device] = [join(folder, "host"), join(folder, "device")];
  const end = (path: string) => `pty,raw,echo=0,link=${path}`;
  const process = spawn("socat", [end(host), end(device)], { stdio: "ignore" });
  await until(() => existsSync(host) && existsSync(device), "the pseudo-terminals");
  return { process, device: await open(device, "r+") };
}

async function unplug({ process, device }: Cable): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) {
    const exit = once(process, "exit");
    process.kill();
    await exit;
  }
  await device.close();
}

test("a serial box on a real terminal: readings, garbage, unplugged, back", { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "watercooler-serial-"));
  let cable = await plugIn(folder);
  const config: SerialConfig = {
    platform: "serial",
    name: "box",
    path: join(folder, "host"),
    baud: 115_200,
    updateIntervalMs: 1_000,
    filters: {},
  };
  const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
  const deps = { clock, timers: systemTimers, random: new SeededRandom(1), log: silentLog };
  const sensor = await createSensor(config, deps);
  const readings: Reading[] = [];
  try {
    sensor.start((reading) => readings.push(reading));
    const say = (text: string) => cable.device.write(text);
    await say('torn"}\n{"hello":"box","firmware":"1.0"}\n');
    // Again and again, as a box does: what it says before the port is open is lost.
    await until(() => {
      void say('{"sensor":"noise","kind":"sound","value":41.5}\n');
      return readings.length === 1;
    }, "the first reading");
    await say(`${"x".repeat(3_000)}\nnot json\n{"sensor":"a","kind":"smell","value":1}\n`);
    await say('{"sensor":"air","kind":"co2","value":612}\n');
    await until(() => readings.length === 2, "the reading after garbage");
    assert.deepEqual(
      readings.map(({ sensor: name, kind, value }) => [name, kind, value]),
      [
        ["box.noise", "sound", 41.5],
        ["box.air", "co2", 612],
      ],
    );
    assert.deepEqual(sensor.health(), { state: "ok" });

    await unplug(cable);
    await until(() => sensor.health().state === "failing", "health to say that it is gone");
    const health = sensor.health();
    assert.match(health.state === "failing" ? health.error : "", /plug it in/);

    cable = await plugIn(folder);
    await until(() => sensor.health().state === "ok", "the port to be opened again");
    await until(() => {
      void say('{"sensor":"air","kind":"co2","value":900}\n');
      return readings.length === 3;
    }, "a reading after it came back");
    assert.equal(readings[2]?.value, 900);
  } finally {
    await sensor.stop();
    await unplug(cable);
    await rm(folder, { recursive: true });
  }
});

test("what is no serial port, or is missing, is refused with what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "watercooler-serial-"));
  const events = { data: () => {}, closed: () => {} };
  try {
    const missing = serialPort({ path: join(folder, "none"), baud: 9_600 });
    await assert.rejects(missing(events), /^Error: no device at .*plug it in/);
    const file = join(folder, "file");
    await writeFile(file, "");
    await assert.rejects(serialPort({ path: file, baud: 9_600 })(events), /not a serial port/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
