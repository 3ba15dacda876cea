import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { calibrationKey, calibrationRecord } from "../../src/office/calibrations.ts";
import { claimKey, encodeClaim } from "../../src/office/claims.ts";
import { encodeReset, passagesKey, passagesRecord, resetKey } from "../../src/office/doors.ts";
import { factsOf, factsThen } from "../../src/office/facts.ts";
import {
  deviceKey,
  deviceRecord,
  NODE_KEY,
  nodeRecord,
  readingKey,
  readingRecord,
} from "../../src/office/records.ts";
import { nextTarget, targetKey } from "../../src/office/targets.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { Replica } from "../../src/replica/replica.ts";
import { Writer } from "../../src/replica/writer.ts";
import { simHash, simSign } from "../../src/sim/trust.ts";
import { idOf } from "../integration/api-fake-office.ts";
import { Site } from "./office-site.ts";

const WALL_MS = 1_000_000;
const SELF = idOf(1);

/** A replica with what one node wrote when its monotonic clock stood at 0. */
function replicaOf(written: Readonly<Record<string, Uint8Array>>): Replica {
  const replica = new Replica({ hash: simHash, verify: () => true, admit: () => true });
  const writer = new Writer(replica, {
    self: SELF,
    credential: utf8("member"),
    boot: "boot",
    moved: false,
    random: new SeededRandom(1),
    codec: createEntryCodec(new IdentityTable()),
    sign: (body) => simSign(SELF, body),
    carry: (_, value) => value,
    reserved: 0,
    reserve: () => {},
  });
  writer.begin(0, WALL_MS);
  for (const [key, value] of Object.entries(written)) writer.write(key, value, 0, WALL_MS);
  return replica;
}

const reading = (value: number) =>
  readingRecord.encode({
    value,
    room: "lab",
    ageMs: 4_000,
    everyMs: 60_000,
    simulated: undefined,
    restored: undefined,
    stillMs: undefined,
  });
const NODE = nodeRecord.encode({
  name: "lab-pi",
  room: "lab",
  version: "1",
  addresses: ["192.0.2.1:7946"],
  api: [],
});

test("each kind of entry gives its facts, with whom they are from and how old they are", () => {
  const replica = replicaOf({
    [NODE_KEY]: NODE,
    [readingKey("box", "temperature")]: reading(21.5),
    [readingKey("box", "motion")]: reading(1),
    [calibrationKey("box", "temperature")]: calibrationRecord.encode({ offset: -1.2 }),
    [deviceKey("02:00:00:00:00:01")]: deviceRecord.encode({
      ips: ["192.0.2.7", "2001:db8::7"],
      confirmedMs: 2_000,
      presentMs: undefined,
    }),
  });
  const facts = factsOf(replica, 1_000);
  const told = facts.map(({ entity, attribute, value, about }) => [
    entity,
    attribute,
    value,
    about,
  ]);
  assert.deepEqual(told, [
    ["device/02:00:00:00:00:01", "ip", "192.0.2.7", "people"],
    ["device/02:00:00:00:00:01", "ip", "2001:db8::7", "people"],
    ["node/lab-pi", "address", "192.0.2.1:7946", "things"],
    ["node/lab-pi", "room", "lab", "things"],
    ["node/lab-pi", "version", "1", "things"],
    ["room/lab", "motion", true, "things"],
    ["room/lab", "temperature", 21.5, "things"],
    ["sensor/lab-pi/box", "temperature_offset", -1.2, "things"],
  ]);
  const temperature = facts.find(({ attribute }) => attribute === "temperature");
  assert.deepEqual(temperature, {
    entity: "room/lab",
    attribute: "temperature",
    value: 21.5,
    unit: "degC",
    from: SELF,
    by: "lab-pi/box",
    atWallMs: WALL_MS - 4_000,
    ageMs: 5_000,
    about: "things",
  });
});

test("doors, resets, targets and claims are facts; a replaced target is none", () => {
  const [a, b] = [new Site(1, "a"), new Site(2, "b")];
  const passages = { ins: 5, outs: 2, run: "run", quietMs: 1_000 };
  a.write(passagesKey("hall", "door"), passagesRecord.encode(passages), 0);
  a.write(resetKey("hall"), encodeReset(new Map([[a.self, { plus: 4, minus: 2 }]])), 0);
  a.write(claimKey("3c:22:fb:01:02:03", 1), encodeClaim("Ana"), 0);
  const set = (site: Site, value: number) => {
    const stamp = { wallMs: 7, counter: 0 };
    const bytes = nextTarget(site.replica, "hall", "temperature", stamp, value);
    site.write(targetKey("hall", "temperature"), bytes, 0);
  };
  set(a, 20);
  b.hear(a, 0);
  set(b, 22);
  a.hear(b, 10);
  const facts = factsOf(a.replica, 10).filter(({ entity }) => !entity.startsWith("node/"));
  const told = facts.map(({ entity, attribute, value, by, about }) =>
    [entity, attribute, value, by, about].join(" "),
  );
  assert.deepEqual(told, [
    "person/Ana device 3c:22:fb:01:02:03 a people",
    "room/hall entered 5 a/door things",
    "room/hall entered_before_reset 4 a things",
    "room/hall left 2 a/door things",
    "room/hall left_before_reset 2 a things",
    "room/hall temperature_target 22 b things",
  ]);
  assert.equal(facts.find(({ attribute }) => attribute === "entered")?.ageMs, 1_010);
  assert.equal(facts.at(-1)?.atWallMs, 7, "when it was set, not when it was last said");
});

test("of a moment in the past only what was not said anew since is known", () => {
  const replica = replicaOf({ [NODE_KEY]: NODE, [readingKey("box", "motion")]: reading(1) });
  const then = (agoMs: number) =>
    factsThen(factsOf(replica, 1_000), agoMs).map(({ attribute, value }) => [attribute, value]);
  // The node was said 1 s ago, the reading was 4 s old then.
  assert.deepEqual(then(1_000).at(-1), ["motion", true]);
  assert.deepEqual(then(5_000).at(-1), ["motion", true]);
  assert.deepEqual(then(5_001).at(-1), ["motion", undefined]);
  assert.deepEqual(then(1_000)[1], ["room", "lab"]);
  assert.deepEqual(then(1_001)[1], ["room", undefined]);
});

test("what can't be read or can't be is no fact", () => {
  const replica = replicaOf({
    [NODE_KEY]: NODE,
    "reading/box/smell": reading(1),
    [readingKey("box", "humidity")]: reading(1_000),
    [readingKey("box", "co2")]: utf8("?"),
    [calibrationKey("box", "temperature")]: calibrationRecord.encode({ offset: Number.NaN }),
    "of-a-newer-version": utf8("?"),
  });
  const entities = new Set(factsOf(replica, 0).map(({ entity }) => entity));
  assert.deepEqual([...entities], ["node/lab-pi"]);
});
