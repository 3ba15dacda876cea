import assert from "node:assert/strict";
import test from "node:test";
import {
  deviceDocument,
  healthDocument,
  instant,
  meshDocument,
  readingDocument,
  roomDocument,
  seconds,
  selfDocument,
} from "../../src/api/documents.ts";
import { FakeOffice, idOf, node, reading, WALL_MS } from "../integration/api-fake-office.ts";

test("a span is told in seconds with one decimal", () => {
  assert.equal(seconds(61_234), 61.2);
  assert.equal(seconds(0), 0);
  assert.equal(seconds(49), 0);
  assert.equal(seconds(50), 0.1);
});

test("an instant is RFC 3339 in UTC, whatever year a clock believes in", () => {
  assert.equal(instant(WALL_MS), "2026-11-21T09:30:00.000Z");
  assert.equal(instant(0), "1970-01-01T00:00:00.000Z");
  for (const mad of [-1, Number.NaN, 9e15, Number.POSITIVE_INFINITY, Date.UTC(12_000, 1)]) {
    assert.match(instant(mad), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
});

test("a reading has the contract's names, and says when it is made up", () => {
  const document = readingDocument(reading({ kind: "co2", value: 700, simulated: true }));
  assert.deepEqual(document, {
    node: idOf(1),
    sensor: "kitchen-pi/climate",
    room: "kitchen",
    kind: "co2",
    value: 700,
    unit: "ppm",
    at: "2026-11-21T09:30:00.000Z",
    age_s: 2,
    stale: false,
    simulated: true,
  });
});

test("motion and contact are booleans", () => {
  assert.equal(readingDocument(reading({ kind: "motion", value: 1 })).value, true);
  assert.equal(readingDocument(reading({ kind: "contact", value: false })).value, false);
  assert.equal(readingDocument(reading({ kind: "count", value: 1 })).value, 1);
});

test("a room lists its readings by kind; what no sensor tells is null", () => {
  const room = {
    room: "kitchen",
    readings: [reading({ kind: "temperature" }), reading({ kind: "humidity", value: 40 })],
    targets: [],
    motion: undefined,
    count: undefined,
  };
  const document = roomDocument(room);
  assert.deepEqual(Object.keys(document.readings), ["temperature", "humidity"]);
  assert.equal(document.readings.humidity?.unit, "percent");
  const nothing = { motion: null, count: null, occupied: null, likelihood: null };
  assert.deepEqual(document.occupancy, nothing);
  assert.deepEqual([document.targets, document.advice], [{}, []]);
});

test("one check that is not ok makes a node degraded", () => {
  const ok = { name: "store", state: "ok", detail: "writes" } as const;
  assert.equal(healthDocument([ok]).status, "ok");
  assert.equal(healthDocument([]).status, "ok");
  const bad = { name: "sensors", state: "degraded", detail: "climate: no answer" } as const;
  assert.deepEqual(healthDocument([ok, bad]), {
    status: "degraded",
    checks: {
      store: { status: "ok", detail: "writes" },
      sensors: { status: "degraded", detail: "climate: no answer" },
    },
  });
});

test("this node, the mesh and a device", () => {
  const office = new FakeOffice();
  const self = selfDocument(office.self());
  assert.equal(self.uptime_s, 61.2);
  assert.equal(self.started, "2026-11-21T09:30:00.000Z");
  assert.equal(self.sensors[0]?.error, "no answer at 0x76: check the wires");
  const mesh = meshDocument(office.mesh(), [node(2, "hall-pi")]);
  assert.deepEqual(mesh.broadcast, { eager: [idOf(2)], lazy: [] });
  assert.equal(mesh.links[0]?.name, "hall-pi");
  assert.equal(mesh.links[0]?.rtt_ms, 1.3);
  const device = {
    mac: "02:00:00:00:00:01",
    ip: "192.0.2.7",
    ips: ["192.0.2.7"],
    hostname: undefined,
    seenBy: [idOf(1)],
    atWallMs: WALL_MS,
    ageMs: 31_000,
  };
  assert.equal("hostname" in deviceDocument(device), false);
  assert.equal(deviceDocument({ ...device, hostname: "printer" }).hostname, "printer");
  assert.equal(deviceDocument(device).age_s, 31);
});
