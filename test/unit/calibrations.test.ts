import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { FilteredSensor } from "../../firmware-bridge/src/filtered-sensor.ts";
import { PushDriver } from "../../firmware-bridge/src/push.ts";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { type NodeId, nodeIdOfKey } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock } from "../../src/base/time.ts";
import {
  calibrationKey,
  calibrationRecord,
  calibrationsOf,
  inheritedCalibrations,
} from "../../src/office/calibrations.ts";
import { NODE_KEY, nodeRecord } from "../../src/office/records.ts";
import type { FilterSpec } from "../../src/reading/filter-spec.ts";
import { createCalibration } from "../../src/reading/filters.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { Replica } from "../../src/replica/replica.ts";
import { Writer } from "../../src/replica/writer.ts";
import { simHash, simSign } from "../../src/sim/trust.ts";

const codec = createEntryCodec(new IdentityTable());
const idOf = (at: number): NodeId => nodeIdOfKey(new Uint8Array(32).fill(at));

/** One replica that nodes write to, each under its own identity, at a given moment. */
function office() {
  const replica = new Replica({ hash: simHash, verify: () => true, admit: () => true });
  const node = (at: number, name: string) => {
    const self = idOf(at);
    const writer = new Writer(replica, {
      self,
      credential: utf8("member"),
      boot: `boot ${at}`,
      moved: false,
      random: new SeededRandom(at),
      codec,
      sign: (body) => simSign(self, body),
      carry: (_, value) => value,
      reserved: 0,
      reserve: () => {},
    });
    writer.begin(0, 1_000);
    const write = (key: string, value: Uint8Array, nowMs: number) =>
      writer.write(key, value, nowMs, 1_000);
    const who = { name, room: "lab", version: "1", addresses: [], api: [] };
    write(NODE_KEY, nodeRecord.encode(who), 0);
    const calibrate = (offset: number, nowMs = 0) =>
      write(calibrationKey("climate", "temperature"), calibrationRecord.encode({ offset }), nowMs);
    return { self, calibrate };
  };
  return { replica, node };
}

const LATER_MS = 600_000;

test("a new card inherits from its silent former self, and from nobody else", () => {
  const { replica, node } = office();
  node(1, "lab-pi").calibrate(-2.5);
  node(2, "desk-pi").calibrate(9);
  const fresh = node(3, "lab-pi");
  const inherited = (nowMs: number) => inheritedCalibrations(replica, fresh.self, "lab-pi", nowMs);
  assert.deepEqual(inherited(1_000), [], "of a node that speaks nothing is taken");
  const expected = { sensor: "climate", kind: "temperature", offset: -2.5 };
  assert.deepEqual(inherited(LATER_MS), [expected]);
  fresh.calibrate(-1, LATER_MS);
  assert.deepEqual(inherited(LATER_MS), [], "its own goes first");
  assert.deepEqual(calibrationsOf(replica, fresh.self), [{ ...expected, offset: -1 }]);
});

test("a 0 of one's own keeps what a former card had away", () => {
  const { replica, node } = office();
  node(1, "lab-pi").calibrate(-2.5);
  const fresh = node(3, "lab-pi");
  const inherited = () => inheritedCalibrations(replica, fresh.self, "lab-pi", LATER_MS).length;
  assert.equal(inherited(), 1);
  fresh.calibrate(0);
  assert.equal(inherited(), 0);
});

/** A push sensor with these filters, and the last value it told. */
function pushSensor(temperature: readonly FilterSpec[]) {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const driver = new PushDriver("climate", { everyMs: 10_000 });
  const filters = { temperature, humidity: [] };
  const sensor = new FilteredSensor(driver, filters, { clock, timers, log: silentLog });
  const told = new Map<string, number>();
  sensor.start(({ kind, value }) => told.set(kind, value));
  const say = (kind: string, value: number) => {
    driver.push({ kind, value });
    return told.get(kind) ?? Number.NaN;
  };
  return { sensor, say };
}

test("a calibration comes before the filters, and mends the humidity too", () => {
  const { sensor, say } = pushSensor([{ offset: -1 }]);
  sensor.calibrate("climate", "temperature", -3);
  assert.equal(say("temperature", 26), 22);
  assert.ok(Math.abs(say("humidity", 40) - 50.9) < 0.3);
  assert.equal(sensor.latest()[0]?.raw, 26);
});

test("law: with the offset for a reference, a value measured comes to the reference", () => {
  const line = fc.record({
    offset: fc.double({ min: -5, max: 5, noNaN: true }),
    multiply: fc.double({ min: 0.5, max: 2, noNaN: true }),
  });
  const value = fc.double({ min: 10, max: 30, noNaN: true });
  fc.assert(
    fc.property(line, value, value, ({ offset, multiply }, raw, reference) => {
      const filters = [{ offset }, { multiply }, { median: 1 }];
      const { sensor } = pushSensor(filters);
      const found = sensor.offsetFor("temperature", raw, reference);
      const result = createCalibration(filters)(raw + found);
      assert.ok(Math.abs(result - reference) <= 0.011 * multiply, `${result} is not ${reference}`);
    }),
  );
});
