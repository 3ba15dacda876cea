import assert from "node:assert/strict";
import test from "node:test";
import {
  deviceDocument,
  meshDocument,
  nodeDocument,
  roomDocument,
  selfDocument,
} from "../../src/api/documents.ts";
import { LiveBoard } from "../../src/api/live-board.ts";
import type { Topic } from "../../src/node/read-side.ts";
import { FakeOffice, idOf, node, reading, WALL_MS } from "../integration/api-fake-office.ts";

const ALL = new Set<Topic>(["rooms", "nodes", "network", "mesh"]);

function boardOf(office: FakeOffice): LiveBoard {
  const board = new LiveBoard({
    rooms: () => office.rooms().map(roomDocument),
    people: () => [],
    nodes: () => office.nodes().map(nodeDocument),
    network: () => office.network().map(deviceDocument),
    mesh: () => meshDocument(office.mesh(), office.nodes()),
    node: () => selfDocument(office.self()),
  });
  board.refresh(ALL, 0);
  return board;
}

test("only what changed is told, and only to whom it is new", () => {
  const office = new FakeOffice();
  const hall = reading({ kind: "humidity", room: "hall", value: 40 });
  office.readingList = [...office.readingList, hall];
  const board = boardOf(office);
  const { version } = board;
  assert.equal(board.refresh(ALL, 100), false);
  assert.deepEqual(board.changesSince(version, "all"), { type: "change" });
  office.readingList = [reading({ kind: "temperature", value: 22 }), hall];
  assert.equal(board.refresh(ALL, 200), true);
  const change = board.changesSince(version, "all");
  assert.deepEqual(Object.keys(change), ["type", "rooms"]);
  assert.deepEqual(
    change.rooms?.map(({ room }) => room),
    ["kitchen"],
  );
  assert.deepEqual(board.changesSince(board.version, "all"), { type: "change" });
});

test("a reader who slept is told the newest once, not each step", () => {
  const office = new FakeOffice();
  const board = boardOf(office);
  const { version } = board;
  for (let value = 0; value < 50; value++) {
    office.readingList = [reading({ kind: "temperature", value })];
    board.refresh(ALL, value);
  }
  const { rooms } = board.changesSince(version, "all");
  assert.equal(rooms?.length, 1);
  assert.equal(rooms?.[0]?.readings.temperature?.value, 49);
});

test("what went is told until everybody knows, and taken back when it returns", () => {
  const office = new FakeOffice();
  office.nodeList = [node(1, "kitchen-pi"), node(2, "hall-pi")];
  const board = boardOf(office);
  const { version } = board;
  office.nodeList = [node(1, "kitchen-pi")];
  board.refresh(ALL, 1);
  assert.deepEqual(board.changesSince(version, "all").gone, { nodes: [idOf(2)] });
  office.nodeList = [node(1, "kitchen-pi"), node(2, "hall-pi")];
  board.refresh(ALL, 2);
  assert.equal(board.changesSince(version, "all").gone, undefined);
  assert.equal(board.changesSince(version, "all").nodes?.length, 1);
  office.nodeList = [node(1, "kitchen-pi")];
  board.refresh(ALL, 3);
  board.prune(board.version);
  assert.equal(board.changesSince(version, "all").gone, undefined);
});

test("growing ages and byte counts are no news; being heard anew is, when asked", () => {
  const office = new FakeOffice();
  office.nodeList = [node(1, "kitchen-pi", { ageMs: 1_000 })];
  const board = boardOf(office);
  office.nodeList = [node(1, "kitchen-pi", { ageMs: 6_000 })];
  assert.equal(board.refresh(ALL, 5_000, "ages"), false);
  office.nodeList = [node(1, "kitchen-pi", { ageMs: 1_000 })];
  assert.equal(board.refresh(ALL, 6_000), false);
  assert.equal(board.refresh(ALL, 6_000, "ages"), true);
});

test("who may not read what names people is not told of devices", () => {
  const office = new FakeOffice();
  const board = boardOf(office);
  const { version } = board;
  const mac = "02:00:00:00:00:01";
  const seen = { hostname: undefined, seenBy: [idOf(1)], atWallMs: WALL_MS, ageMs: 0 };
  office.devices = [{ mac, ip: "192.0.2.7", ips: ["192.0.2.7"], ...seen }];
  board.refresh(ALL, 1);
  assert.equal(board.changesSince(version, "all").network?.length, 1);
  assert.deepEqual(board.changesSince(version, "public"), { type: "change" });
  assert.deepEqual(board.snapshot("public").network, []);
});

test("people are told to nobody who may not read of them", () => {
  const office = new FakeOffice();
  const ana = { person: "Ana", in: true, since: null, devices: [] };
  let people = [ana];
  const board = new LiveBoard({
    rooms: () => [],
    people: () => people,
    nodes: () => [],
    network: () => [],
    mesh: () => meshDocument(office.mesh(), []),
    node: () => selfDocument(office.self()),
  });
  board.refresh(new Set<Topic>(["people"]), 0);
  assert.deepEqual(board.snapshot("all").people, [ana]);
  assert.deepEqual(board.snapshot("public").people, []);
  assert.deepEqual(board.changesSince(0, "all").people, [ana]);
  assert.ok(!JSON.stringify(board.changesSince(0, "public")).includes("Ana"));
  people = [{ ...ana, in: false }];
  const { version } = board;
  assert.equal(board.refresh(new Set<Topic>(["people"]), 1), true);
  assert.equal(board.changesSince(version, "all").people?.[0]?.in, false);
  people = [];
  board.refresh(new Set<Topic>(["people"]), 2);
  assert.deepEqual(board.changesSince(version, "all").gone?.people, ["Ana"]);
  assert.ok(!JSON.stringify(board.changesSince(version, "public")).includes("Ana"));
});
