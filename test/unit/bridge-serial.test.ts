import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { MemoryDevice } from "../../firmware-bridge/src/byte-stream-memory.ts";
import { JsonLines, LINE_BYTES_MAX } from "../../firmware-bridge/src/json-lines.ts";
import { SerialDriver } from "../../firmware-bridge/src/serial.ts";
import { readSerialLine } from "../../firmware-bridge/src/serial-line.ts";
import { openingError } from "../../firmware-bridge/src/serial-port.ts";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock } from "../../src/base/time.ts";
import type { Passage } from "../../src/reading/passage.ts";
import type { Reading } from "../../src/reading/reading.ts";

test("a line may have 512 bytes and no more, and the next newline resynchronises", () => {
  const fits = JSON.stringify("x".repeat(LINE_BYTES_MAX - 2));
  const lines = new JsonLines();
  assert.equal(fits.length, LINE_BYTES_MAX);
  assert.equal(lines.feed(utf8(`${fits}\r\n`))[0]?.type, "line");
  const long = { type: "skipped", reason: "too long" };
  assert.deepEqual(lines.feed(utf8(`${fits} \n1\n`)), [long, { type: "line", value: 1 }]);
  assert.deepEqual(lines.feed(utf8("y".repeat(5_000))), [long]);
  assert.deepEqual(lines.feed(utf8("yy\n2\n")), [{ type: "line", value: 2 }]);
});

test("law: how the bytes are cut into chunks changes nothing, and nothing throws", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 700 }),
    fc.json({ maxDepth: 1 }).map((text) => utf8(`${text}\n`)),
  );
  fc.assert(
    fc.property(
      fc.array(piece),
      fc.infiniteStream(fc.integer({ min: 1, max: 90 })),
      (all, cuts) => {
        const bytes = Uint8Array.from(all.flatMap((item) => [...item]));
        const whole = new JsonLines().feed(bytes);
        const parser = new JsonLines();
        const cut = [];
        for (let at = 0; at < bytes.length; ) {
          const size = cuts.next().value;
          cut.push(...parser.feed(bytes.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(cut, whole);
      },
    ),
  );
});

test("law: any JSON is a reading, a hello or bad", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.ok(["reading", "hello", "bad"].includes(readSerialLine("box", value).type));
    }),
  );
});

function rig() {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const device = new MemoryDevice();
  const logged: string[] = [];
  const readings: Reading[] = [];
  const driver = new SerialDriver({
    name: "box",
    everyMs: 10_000,
    open: device.open,
    timers,
    random: new SeededRandom(1),
    log: {
      write: (_level, message, fields) => logged.push(`${message} ${JSON.stringify(fields)}`),
    },
  });
  return { timers, device, logged, readings, driver };
}

/** Lets the promises that are ready run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("readings arrive, the rest is counted and told once a minute", async () => {
  const { timers, device, logged, readings, driver } = rig();
  driver.start((reading) => readings.push(reading));
  await settle();
  device.send('{"hello":"box","firmware":"1.0"}\n{"sensor":"noise","kind":"sound","value":41.5}\n');
  device.send('garbage\n{"sensor":"x","kind":"smell","value":1}\n[]\n');
  device.send(
    '{"sensor":"No!","kind":"sound","value":1}\n{"sensor":"x","kind":"co2","value":-5}\n',
  );
  device.send('{"sensor":"pir","kind":"motion","value":true}\n');
  assert.deepEqual(
    readings.map(({ sensor, kind, value }) => [sensor, kind, value]),
    [
      ["box.noise", "sound", 41.5],
      ["box.pir", "motion", 1],
    ],
  );
  assert.deepEqual(driver.kinds(), ["sound", "motion"]);
  assert.deepEqual(Object.fromEntries(driver.skippedLines()), {
    "not JSON": 1,
    "unknown kind": 1,
    "not an object": 1,
    "bad sensor name": 1,
    "implausible value": 1,
  });
  const reports = () => logged.filter((line) => line.startsWith("skipped lines"));
  assert.equal(reports().length, 0);
  timers.advance(60_000);
  assert.equal(reports().length, 1);
  timers.advance(600_000);
  assert.equal(reports().length, 1);
  await driver.stop();
  assert.equal(timers.count, 0);
});

test("a box may tell who went through a door", async () => {
  const { device, readings, driver } = rig();
  const passages: Passage[] = [];
  driver.onPassage((passage) => passages.push(passage));
  driver.start((reading) => readings.push(reading));
  await settle();
  const line = (value: number, passage: unknown, kind = "count") =>
    device.send(`${JSON.stringify({ sensor: "door", kind, value, passage })}\n`);
  line(1, "in");
  line(2, "out");
  for (const bad of [0, -1, 1.5, 101]) line(bad, "in");
  line(1, "through");
  line(20, "in", "temperature");
  assert.deepEqual(passages, [
    { sensor: "box.door", ins: 1, outs: 0 },
    { sensor: "box.door", ins: 0, outs: 2 },
  ]);
  assert.equal(readings.length, 2);
  assert.deepEqual(Object.fromEntries(driver.skippedLines()), { "bad passage": 6 });
  await driver.stop();
});

test("a box may name 64 sensors", async () => {
  const { device, readings, driver } = rig();
  driver.start((reading) => readings.push(reading));
  await settle();
  for (let at = 0; at < 100; at++) device.send(`{"sensor":"s${at}","kind":"count","value":1}\n`);
  assert.equal(readings.length, 64);
  await driver.stop();
});

test("the port is tried again at growing pauses up to 30 s, and quickly again once well", async () => {
  const { timers, device, readings, driver } = rig();
  device.unplug("no device");
  driver.start((reading) => readings.push(reading));
  await settle();
  assert.deepEqual(driver.health(), { state: "failing", error: "no device" });
  const attemptsWithin = async (spanMs: number) => {
    const before = device.attempts;
    for (let passed = 0; passed < spanMs; passed += 100) {
      timers.advance(100);
      await settle();
    }
    return device.attempts - before;
  };
  const early = await attemptsWithin(10_000);
  assert.ok(early >= 3 && early <= 4, `${early} in the first 10 s`);
  await attemptsWithin(50_000);
  const late = await attemptsWithin(150_000);
  assert.ok(late >= 4 && late <= 6, `${late} in 150 s`);
  device.plugIn();
  assert.equal(await attemptsWithin(36_000), 1);
  assert.deepEqual(driver.health(), { state: "ok" });
  device.send('{"sensor":"a","kind":"count","value":1}\n');
  device.unplug("gone");
  assert.deepEqual(driver.health(), { state: "failing", error: "gone" });
  device.plugIn();
  assert.equal(await attemptsWithin(1_300), 1);
  device.send('{"sensor":"a","kind":"count","value":2}\n');
  assert.equal(readings.length, 2);
  await driver.stop();
  assert.equal(timers.count, 0);
  assert.equal(device.isOpen, false);
});

test("an error at opening says what to do", () => {
  const path = "/dev/ttyACM0";
  assert.match(openingError(path, "EACCES"), /^no permission on \/dev\/ttyACM0: add the user to/);
  assert.match(openingError(path, "ENOENT"), /plug it in/);
  assert.match(
    openingError(path, "Error Resource temporarily unavailable Cannot lock port"),
    /use/,
  );
});
