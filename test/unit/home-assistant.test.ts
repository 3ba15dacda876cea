import assert from "node:assert/strict";
import test from "node:test";
import type { RoomView } from "../../src/office/views.ts";
import { discoveryIn } from "../integration/home-assistant-schema.ts";
import { Rig, ROOM_TOPIC, reading, SET_TOPIC } from "./home-assistant-rig.ts";

const kitchen = (...readings: RoomView["readings"]): RoomView => ({
  room: "kitchen",
  readings,
  targets: [],
  motion: undefined,
  count: undefined,
});
const WARM = kitchen(reading("temperature", 21));
const WARM_AND_DRY = kitchen(reading("temperature", 21), reading("humidity", 30));

test("who stands by speaks once the speaker is gone, and is silent when it is back", async () => {
  const rig = new Rig(["first", "second", "third"]);
  rig.rooms = [WARM];
  await rig.pass(8_000);
  assert.deepEqual(rig.roles(), ["speaks", "connected", "left"]);
  const [first, second] = rig.inOrder;
  rig.broker.said.length = 0;
  rig.broker.publish("one that left", "watercooler/bridge/1", "offline");
  await rig.pass(2_000);
  assert.deepEqual(rig.broker.saidBy("watercooler/bridge/1"), ["one that left", first?.name]);
  rig.broker.said.length = 0;
  first?.die();
  await rig.pass(200);
  assert.equal(rig.broker.saidBy(ROOM_TOPIC)[0], second?.name);
  assert.equal(rig.broker.retained.get("watercooler/bridge/2"), "online");
  first?.revive();
  await rig.pass(8_000);
  assert.deepEqual(rig.roles(), ["speaks", "connected", "left"]);
  rig.broker.said.length = 0;
  rig.rooms = [WARM_AND_DRY];
  await rig.pass(2_000);
  assert.deepEqual(rig.broker.saidBy(ROOM_TOPIC), [first?.name]);
});

test("one whose broker is out of reach leaves it to others; the mesh finds the next", async () => {
  const rig = new Rig(["first", "second", "third"]);
  rig.rooms = [WARM];
  const [first, second, third] = rig.inOrder;
  first?.unreach();
  await rig.pass(10_000);
  assert.ok(rig.broker.saidBy(ROOM_TOPIC).every((name) => name === second?.name));
  assert.match(first?.bridge.check().detail ?? "", /^fails: nobody listens there/);
  await rig.pass(70_000);
  assert.equal(first?.bridge.isFailing(), true);
  rig.failing = [first?.name ?? ""];
  await rig.pass(8_000);
  assert.match(second?.bridge.check().detail ?? "", /^speaks for the mesh, 1 devices/);
  assert.equal(third?.bridge.check().detail, "connected, stands by");
  assert.equal(rig.broker.retained.get("watercooler/bridge/1"), "online");
});

test("a sensor that is no more is taken leave of, a room is taken back in a while", async () => {
  const rig = new Rig(["only"]);
  rig.rooms = [WARM_AND_DRY, { ...WARM, room: "lab.2" }];
  await rig.pass(8_000);
  const [config = ""] = rig.broker.configs().filter((topic) => topic.includes("room_kitchen"));
  rig.broker.said.length = 0;
  rig.rooms = [WARM];
  await rig.pass(2_000);
  const [farewell, clean] = rig.broker.said.filter(({ topic }) => topic === config);
  const parted = discoveryIn(config, farewell?.text ?? "").components;
  assert.deepEqual(parted.humidity, { platform: "sensor" });
  assert.ok(!("humidity" in discoveryIn(config, clean?.text ?? "").components));
  assert.equal(rig.broker.configs().filter((topic) => topic.includes("lab-2")).length, 1);
  await rig.pass(10_000);
  assert.equal(rig.broker.configs().filter((topic) => topic.includes("lab-2")).length, 0);
  assert.equal(rig.broker.retained.has("watercooler/room/lab.2"), false);
  assert.ok(rig.broker.retained.has(ROOM_TOPIC));
});

test("a discovery message is said once more, for who was busy with the first", async () => {
  const rig = new Rig(["only"]);
  rig.rooms = [WARM];
  await rig.pass(8_000);
  rig.rooms = [WARM_AND_DRY];
  await rig.pass(1_000);
  const [config = ""] = rig.broker.configs();
  rig.broker.said.length = 0;
  await rig.pass(120_000);
  const texts = rig.broker.said.filter(({ topic }) => topic === config).map(({ text }) => text);
  assert.deepEqual(texts, [rig.broker.retained.get(config)]);
  assert.equal(rig.broker.said.length, 1, "nothing else is said again");
});

test("only the newest is told after a broker was away, however much happened", async () => {
  const rig = new Rig(["only"]);
  rig.rooms = [WARM];
  await rig.pass(8_000);
  rig.broker.stop();
  for (let value = 0; value < 200; value++) {
    rig.rooms = [kitchen(reading("temperature", value / 10))];
    await rig.pass(1_000);
  }
  assert.match(rig.inOrder[0]?.bridge.check().detail ?? "", /^fails/);
  rig.broker.start();
  await rig.pass(60_000);
  const told = rig.broker.said.filter(({ topic }) => topic === ROOM_TOPIC);
  assert.deepEqual(
    told.map(({ text }) => JSON.parse(text).temperature),
    [19.9],
  );
});

test("a retained target is not obeyed, a flood is slowed, the newest word counts", async () => {
  const rig = new Rig(["only"]);
  rig.broker.retained.set(SET_TOPIC, "30");
  rig.rooms = [WARM];
  await rig.pass(8_000);
  assert.deepEqual(rig.set, []);
  for (const text of ["18", "19", "oops", "", "20"]) rig.broker.publish("ha", SET_TOPIC, text);
  await rig.pass(200);
  assert.deepEqual(rig.set, ["kitchen temperature 20"]);
  rig.set.length = 0;
  rig.rooms = Array.from({ length: 40 }, (_, at) => ({ ...WARM, room: `r${at}` }));
  for (let at = 0; at < 40; at++) {
    rig.broker.publish("ha", `watercooler/room/r${at}/target/temperature/set`, "21");
  }
  await rig.pass(200);
  assert.ok(rig.set.length >= 8 && rig.set.length <= 16, `${rig.set.length} writes`);
  await rig.pass(6_000);
  assert.equal(rig.set.length, 40);
});

test("what may only be read has no topic to set it, people are told if asked to", async () => {
  for (const people of ["withheld", "named"] as const) {
    const rig = new Rig(["only"], { targets: "read", people });
    rig.rooms = [WARM];
    await rig.pass(8_000);
    const all = [...rig.broker.retained].filter(([topic]) => topic.endsWith("/config"));
    const devices = all.map(([topic, text]) => discoveryIn(topic, text));
    const [room] = devices.filter(({ device }) => device.model === "Room");
    assert.equal(room?.components.target_temperature?.platform, "sensor");
    rig.broker.publish("ha", SET_TOPIC, "20");
    await rig.pass(2_000);
    assert.deepEqual(rig.set, []);
    const isNamed = JSON.stringify([...rig.broker.retained]).includes("Ana");
    assert.equal(isNamed, people === "named");
    if (people === "withheld") continue;
    const state = JSON.parse(rig.broker.retained.get("watercooler/people") ?? "{}");
    assert.deepEqual(Object.values(state), ["home"]);
  }
});

test("what is stale or not known is null, which Home Assistant shows as unknown", async () => {
  const rig = new Rig(["only"]);
  const stale = { ...reading("temperature", 21), stale: true };
  const occupancy = { count: undefined, sources: [] };
  rig.rooms = [{ ...kitchen(stale, reading("motion", true)), occupancy }];
  await rig.pass(8_000);
  const state = JSON.parse(rig.broker.retained.get(ROOM_TOPIC) ?? "{}");
  const none = { temperature: null, motion: null, occupancy: null, target_temperature: null };
  assert.deepEqual(state, none);
});
