import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { type Beam, Doorway, type Passage } from "../../firmware-bridge/src/doorway.ts";
import { DoorCounterDriver } from "../../firmware-bridge/src/drivers/door-counter.ts";
import { GpioDriver } from "../../firmware-bridge/src/drivers/gpio.ts";
import { openGpiodLine } from "../../firmware-bridge/src/gpio/gpiod-line.ts";
import { MemoryHeader } from "../../firmware-bridge/src/gpio/memory.ts";
import { lineError } from "../../firmware-bridge/src/gpio/port.ts";
import { sysfsNumber } from "../../firmware-bridge/src/gpio/sysfs-chips.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Passage as Passed } from "../../src/reading/passage.ts";
import type { Reading } from "../../src/reading/reading.ts";
import { Rig } from "./bridge-hardware-rig.ts";

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "watercooler-gpio-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

const chip = (name: string, base: number, label: string, count: number) => ({
  [`${name}/base`]: `${base}\n`,
  [`${name}/label`]: `${label}\n`,
  [`${name}/ngpio`]: `${count}\n`,
});

test("a BCM number is counted from the base of the header's chip, whichever that is", async () => {
  const pi5 = await folderOf({
    ...chip("gpiochip512", 512, "gpio-brcmstb@107d508500", 32),
    ...chip("gpiochip571", 571, "pinctrl-rp1", 54),
  });
  const pi4 = await folderOf({
    ...chip("gpiochip512", 512, "pinctrl-bcm2711", 58),
    ...chip("gpiochip570", 570, "raspberrypi-exp-gpio", 8),
  });
  const old = await folderOf(chip("gpiochip0", 0, "pinctrl-bcm2835", 54));
  const none = await folderOf(chip("gpiochip0", 0, "INT33FC:00", 98));
  try {
    assert.equal(await sysfsNumber({ pin: 17 }, pi5), 588);
    assert.equal(await sysfsNumber({ pin: 17 }, pi4), 529);
    assert.equal(await sysfsNumber({ pin: 17 }, old), 17);
    assert.equal(await sysfsNumber({ pin: 3, chip: "INT33FC:00" }, none), 3);
    await assert.rejects(sysfsNumber({ pin: 17 }, none), (error: Error) => {
      for (const word of ["pin 17", "pinctrl-bcm2711", "pinctrl-rp1", "INT33FC:00", none]) {
        assert.ok(error.message.includes(word), `${word} in ${error.message}`);
      }
      return true;
    });
    await assert.rejects(sysfsNumber({ pin: 60 }, old), /EINVAL/);
  } finally {
    for (const root of [pi5, pi4, old, none]) await rm(root, { recursive: true });
  }
});

test("why a line does not open is one line with the mend", () => {
  assert.match(lineError({ pin: 17 }, "EACCES: permission denied"), /GPIO17: add .* group gpio$/);
  assert.match(lineError({ pin: 17 }, "Device or resource busy"), /held by something else/);
  assert.match(lineError({ pin: 99 }, "EINVAL"), /set pin to a BCM number/);
});

function motion(header: MemoryHeader, polarity: "high means yes" | "low means yes") {
  const rig = new Rig();
  const { clock, timers } = rig;
  const ports = { clock, timers, random: new SeededRandom(1), log: silentLog, open: header.open };
  const place = { name: "door", kind: "motion", pin: 17, debounceMs: 50, everyMs: 10_000 } as const;
  const sensor = new GpioDriver({ ...place, polarity, ...ports });
  const readings: Reading[] = [];
  sensor.start((reading) => readings.push(reading));
  const values = () => readings.map(({ value }) => value);
  return { rig, sensor, readings, values };
}

test("gpio: an edge is told at once, its bounces are not, and a line at rest is alive", async () => {
  const header = new MemoryHeader();
  const { rig, sensor, values } = motion(header, "high means yes");
  await rig.until(() => header.isOpen(17));
  assert.deepEqual(values(), [0]);
  await rig.pass(100);
  header.drive(17, 1);
  assert.deepEqual(values(), [0, 1], "with no wait");
  for (const level of [0, 1, 0, 1] as const) header.drive(17, level);
  await rig.pass(200);
  assert.deepEqual(values(), [0, 1]);
  for (const level of [0, 1, 0] as const) header.drive(17, level);
  await rig.pass(200);
  assert.deepEqual(values(), [0, 1, 0]);
  await rig.pass(30_000);
  assert.equal(values().length, 6, "said again at every interval");
  await rig.finish(sensor.stop());
  assert.equal(header.isOpen(17), false);
  assert.equal(rig.timers.count, 0);
});

test("gpio: a change that settles the other way is told when it has settled", async () => {
  const header = new MemoryHeader();
  const { rig, sensor, values } = motion(header, "low means yes");
  await rig.until(() => header.isOpen(17));
  assert.deepEqual(values(), [1]);
  await rig.pass(100);
  header.drive(17, 1);
  header.drive(17, 0);
  assert.deepEqual(values(), [1, 0]);
  await rig.pass(100);
  assert.deepEqual(values(), [1, 0, 1]);
  await rig.finish(sensor.stop());
});

test("gpio: a storm at 1 kHz tells one value, and one more when it is over", async () => {
  const header = new MemoryHeader();
  const { rig, sensor, values } = motion(header, "high means yes");
  await rig.until(() => header.isOpen(17));
  await rig.pass(100);
  for (let edge = 0; edge < 4_000; edge++) {
    header.drive(17, edge % 2 === 0 ? 1 : 0);
    rig.timers.advance(1);
  }
  assert.deepEqual(values(), [0, 1]);
  await rig.pass(100);
  assert.deepEqual(values(), [0, 1, 0]);
  await rig.finish(sensor.stop());
});

test("gpio: a line that goes away fails with its reason, and is well when it is back", async () => {
  const header = new MemoryHeader();
  const { rig, sensor, values } = motion(header, "high means yes");
  await rig.until(() => header.isOpen(17));
  header.unplug("GPIO17: gpiomon has ended");
  assert.deepEqual(sensor.health(), { state: "failing", error: "GPIO17: gpiomon has ended" });
  const told = values().length;
  await rig.pass(120_000);
  assert.equal(values().length, told, "nothing is said of a line that is gone");
  assert.ok(header.attempts <= 10, `${header.attempts} tries in 2 min`);
  header.plugIn();
  header.drive(17, 1);
  await rig.pass(70_000);
  assert.deepEqual(sensor.health(), { state: "ok" });
  assert.equal(values().at(-1), 1);
  await rig.finish(sensor.stop());
});

/** What one person does to the two beams, in order, 50 ms a step. */
function walk(steps: string, doorway = new Doorway()): (Passage | undefined)[] {
  let nowMs = 0;
  return steps.split(" ").flatMap((step) => {
    nowMs += 50;
    const beam: Beam = step.startsWith("o") ? "outside" : "inside";
    const passage = doorway.see(beam, step.endsWith("+") ? "broken" : "whole", nowMs);
    return passage === undefined ? [] : [passage];
  });
}

test("a doorway tells the direction from the order, and who turned back from who passed", () => {
  assert.deepEqual(walk("o+ i+ o- i-"), ["in"]);
  assert.deepEqual(walk("i+ o+ i- o-"), ["out"]);
  assert.deepEqual(walk("o+ i+ i- o-"), []);
  assert.deepEqual(walk("o+ o- o+ o-"), []);
  assert.deepEqual(walk("o+ o- i+ i-"), ["in"], "thinner than the beams are apart");
  assert.deepEqual(walk("i+ i- o+ o-"), ["out"]);
  assert.deepEqual(walk("o+ i+ o- o+ o- i-"), ["in"], "a swinging arm");
  assert.deepEqual(walk("o- i- o+ i+ o- i-"), ["in"], "levels at the start are no passage");
});

test("law: whoever goes through alternately is counted once each, in and out", () => {
  const ways = { in: "o+ i+ o- i-", out: "i+ o+ i- o-", back: "o+ i+ i- o-" } as const;
  const one = fc.constantFrom(...(["in", "out", "back"] as const));
  fc.assert(
    fc.property(fc.array(one), (people) => {
      const doorway = new Doorway();
      const told = people.flatMap((person) => walk(ways[person], doorway));
      assert.deepEqual(
        told,
        people.filter((person) => person !== "back"),
      );
    }),
  );
});

test("door_counter: counts who is in, never below nobody", async () => {
  const header = new MemoryHeader();
  for (const pin of [17, 27]) header.drive(pin, 1);
  const rig = new Rig();
  const { clock, timers } = rig;
  const ports = { clock, timers, random: new SeededRandom(1), log: silentLog, open: header.open };
  const polarity = "low means broken" as const;
  const place = { name: "people", room: "lab", pinOutside: 17, pinInside: 27, everyMs: 10_000 };
  const sensor = new DoorCounterDriver({ ...place, polarity, ...ports });
  const readings: Reading[] = [];
  const passages: Passed[] = [];
  sensor.onPassage((passage) => passages.push(passage));
  sensor.start((reading) => readings.push(reading));
  await rig.until(() => header.isOpen(17) && header.isOpen(27));
  const pass = async (order: readonly number[]) => {
    for (const level of [0, 1] as const) {
      for (const pin of order) {
        header.drive(pin, level);
        await rig.pass(100);
      }
    }
  };
  await pass([27, 17]);
  await pass([17, 27]);
  await pass([17, 27]);
  await pass([27, 17]);
  const { value, kind, room } = readings.at(-1) ?? {};
  assert.deepEqual({ value, kind, room }, { value: 1, kind: "count", room: "lab" });
  assert.equal(Math.max(...readings.map((reading) => reading.value)), 2);
  const told = passages.map(({ sensor: name, room: where, ins, outs }) => [name, where, ins, outs]);
  assert.deepEqual(told[0], ["people", "lab", 0, 0], "the door is there");
  const ways = told.slice(1).map(([, , ins, outs]) => [ins, outs]);
  assert.deepEqual(ways, [
    [0, 1],
    [1, 0],
    [1, 0],
    [0, 1],
  ]);
  await rig.finish(sensor.stop());
  assert.equal(timers.count, 0);
});

/** Stand-ins for Debian's gpiod, with the words of that version; a line is a file. */
async function fakeTools(version: "1.6.3" | "2.2.1", line: string): Promise<string> {
  const isOld = version.startsWith("1");
  const check = isOld
    ? 'for last; do :; done; [ "$last" = 17 ] || exit 9; case "$*" in *--chip*) exit 9;; esac'
    : 'case "$*" in *"--chip gpiochip4 17"*) ;; *) exit 9;; esac';
  const shell = (body: string) => `#!/bin/sh\n${body}\n`;
  const falling = isOld ? "0" : "2";
  return folderOf({
    gpiodetect: shell(
      'echo "gpiochip0 [gpio-brcmstb@107d508500] (32 lines)"; echo "gpiochip4 [pinctrl-rp1] (54 lines)"',
    ),
    gpioget: shell(
      `[ "$1" = --version ] && { echo "gpioget (libgpiod) v${version}"; exit 0; }; ${check}; cat ${line}`,
    ),
    gpiomon: shell(
      `${check}; was=$(cat ${line}); echo $$ > ${line}.watched; while :; do is=$(cat ${line} 2>/dev/null) || { echo "gone away" >&2; exit 1; }
       [ "$is" = "$was" ] || { was=$is; [ "$is" = 1 ] && echo 1 || echo ${falling}; }; sleep 0.02; done`,
    ),
  });
}

for (const version of ["1.6.3", "2.2.1"] as const) {
  test(`gpiod ${version}: the level, the edges, and the end of a line`, async () => {
    const folder = await folderOf({ line: "0\n" });
    const line = join(folder, "line");
    const tools = await fakeTools(version, line);
    for (const tool of ["gpiodetect", "gpioget", "gpiomon"]) await chmod(join(tools, tool), 0o755);
    const path = process.env.PATH;
    process.env.PATH = `${tools}:${path}`;
    const levels: number[] = [];
    const ends: string[] = [];
    const until = async (condition: () => boolean) => {
      for (let turn = 0; turn < 1_000 && !condition(); turn++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.ok(condition());
    };
    const drive = async (level: 0 | 1) => {
      await writeFile(`${line}.next`, `${level}\n`);
      await rename(`${line}.next`, line);
    };
    try {
      const events = {
        level: (level: number) => levels.push(level),
        closed: (reason: string) => ends.push(reason),
      };
      const first = await openGpiodLine({ pin: 17 }, events);
      await until(() => existsSync(`${line}.watched`));
      await drive(1);
      await until(() => levels.length === 2);
      await drive(0);
      await until(() => levels.length === 3);
      assert.deepEqual(levels, [0, 1, 0]);
      await first.close();
      assert.deepEqual(ends, [], "closing is no end by itself");
      await rm(`${line}.watched`);
      await openGpiodLine({ pin: 17 }, events);
      await until(() => existsSync(`${line}.watched`));
      await rm(line);
      await until(() => ends.length === 1);
      assert.equal(ends[0], "GPIO17: gone away");
      await assert.rejects(openGpiodLine({ pin: 17, chip: "pinctrl-x" }, events), /pinctrl-x/);
    } finally {
      process.env.PATH = path;
      for (const root of [folder, tools]) await rm(root, { recursive: true });
    }
  });
}

test("gpiod: a node that is killed outright leaves no gpiomon to hold its line", async () => {
  const folder = await folderOf({ line: "0\n" });
  const line = join(folder, "line");
  const tools = await fakeTools("1.6.3", line);
  for (const tool of ["gpiodetect", "gpioget", "gpiomon"]) await chmod(join(tools, tool), 0o755);
  const module = new URL("../../firmware-bridge/src/gpio/gpiod-line.js", import.meta.url).href;
  const program = `const { openGpiodLine } = await import(${JSON.stringify(module)});
    await openGpiodLine({ pin: 17 }, { level: () => {}, closed: () => {} });
    setInterval(() => {}, 1000);`;
  const env = { ...process.env, PATH: `${tools}:${process.env.PATH}` };
  const args = ["--input-type=module", "-e", program];
  const node = spawn(process.execPath, args, { env, stdio: "ignore" });
  const until = async (condition: () => boolean) => {
    for (let turn = 0; turn < 1_000 && !condition(); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok(condition());
  };
  const pidFile = `${line}.watched`;
  const pid = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0);
  try {
    await until(() => pid() > 0);
    assert.ok(existsSync(`/proc/${pid()}`));
    node.kill("SIGKILL");
    await until(() => !existsSync(`/proc/${pid()}`));
  } finally {
    node.kill("SIGKILL");
    for (const root of [folder, tools]) await rm(root, { recursive: true });
  }
});

test("gpiod: where its tools are missing, the error says how to get them", async () => {
  const path = process.env.PATH;
  process.env.PATH = "/nonexistent";
  try {
    const events = { level: () => {}, closed: () => {} };
    await assert.rejects(openGpiodLine({ pin: 17 }, events), /sudo apt-get install gpiod$/);
  } finally {
    process.env.PATH = path;
  }
});
