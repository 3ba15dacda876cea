import assert from "node:assert/strict";
import test from "node:test";
import { claimKey, encodeClaim } from "../../src/office/claims.ts";
import { isPrivateMac, parseMac } from "../../src/office/network.ts";
import { personViews, presentForMs } from "../../src/office/people.ts";
import { roomOfPerson } from "../../src/office/person-room.ts";
import { aged, deviceKey, deviceRecord } from "../../src/office/records.ts";
import type { NodeView } from "../../src/office/views.ts";
import { idOf, node } from "../integration/api-fake-office.ts";
import { meet, Site } from "./office-site.ts";

const MINUTE_MS = 60_000;
const AWAY_MS = 15 * MINUTE_MS;
const SPANS = { awayAfterMs: AWAY_MS, keepMs: 24 * 60 * MINUTE_MS };
const PHONE = "3c:22:fb:01:02:03";

function see(site: Site, nowMs: number, confirmedMs: number, presentMs: number): void {
  const record = deviceRecord.encode({ ips: ["10.0.0.9"], confirmedMs, presentMs });
  site.write(deviceKey(PHONE), record, nowMs);
}

const viewsAt = (site: Site, nowMs: number) =>
  personViews(site.replica, SPANS, { monotonicMs: nowMs, wallMs: 1e9 + nowMs });

test("a person is in while any Pi sees a device, until nobody has for a while", () => {
  const [a, b] = [new Site(1, "a"), new Site(2, "b")] as const;
  a.write(claimKey(PHONE, 1), encodeClaim("Ana"), 0);
  assert.deepEqual(viewsAt(a, 0)[0]?.isIn, false);
  assert.equal(viewsAt(a, 0)[0]?.sinceWallMs, undefined);
  see(b, 0, 1_000, 30 * MINUTE_MS);
  meet([a, b], 0);
  for (const site of [a, b]) {
    const [ana] = viewsAt(site, AWAY_MS - 1_001);
    assert.equal(ana?.isIn, true);
    assert.equal(ana?.sinceWallMs, 1e9 - 1_000 - 30 * MINUTE_MS);
    const [gone] = viewsAt(site, AWAY_MS + 1);
    assert.equal(gone?.isIn, false);
    assert.equal(gone?.sinceWallMs, 1e9 - 1_000, "when they were last seen");
  }
});

test("walking from one Pi to the next is no arrival; coming back after a while is one", () => {
  const min = (age: number, present: number) => ({
    ageMs: age * MINUTE_MS,
    presentMs: present * MINUTE_MS,
  });
  assert.equal(presentForMs([min(30, 60), min(1, 20)], AWAY_MS), 90 * MINUTE_MS);
  assert.equal(presentForMs([min(40, 60), min(1, 20)], AWAY_MS), 21 * MINUTE_MS);
  assert.equal(presentForMs([min(0, 0), min(60, 5)], AWAY_MS), 0);
});

test("what is said again tells its age: a restart brings nobody in", () => {
  const proofs = { agesMs: [5], versions: [3] };
  const said = { ips: ["10.0.0.9"], confirmedMs: 5, presentMs: 7, proofs };
  const before = deviceRecord.encode(said);
  const after = deviceRecord.decode(aged(deviceKey(PHONE), before, 20 * MINUTE_MS));
  assert.ok(after.ok);
  assert.equal(after.value.confirmedMs, 20 * MINUTE_MS + 5);
  assert.equal(after.value.presentMs, 7);
  assert.deepEqual(after.value.proofs, { agesMs: [20 * MINUTE_MS + 5], versions: [3] });
});

test("MAC addresses: spellings, groups, and those that a device made up", () => {
  assert.equal(parseMac("3C-22-FB-01-02-03"), PHONE);
  for (const text of ["3c:22:fb:01:02", "01:00:5e:00:00:01", "00:00:00:00:00:00", "phone"]) {
    assert.equal(parseMac(text), undefined, text);
  }
  assert.equal(isPrivateMac(PHONE), false);
  assert.equal(isPrivateMac("da:a1:19:00:00:01"), true);
});

test("a room is told only where the Pis of other rooms would see the device too", () => {
  const at = (number: number, room: string, ...addresses: string[]) =>
    node(number, `pi-${number}`, {
      room,
      addresses: addresses.map((one) => one as NodeView["addresses"][number]),
    });
  const seen = (number: number, ...ips: string[]) => ({ observer: idOf(number), ips });
  const kitchen = at(1, "kitchen", "10.0.0.1:7946", "10.0.9.1:7946");
  const flat = [kitchen, at(2, "lab", "10.0.0.2:7946")];
  assert.equal(roomOfPerson([seen(1, "10.0.0.7")], flat), undefined, "chance, on one network");
  assert.equal(roomOfPerson([seen(1, "10.0.9.7")], flat), "kitchen");
  assert.equal(roomOfPerson([seen(1, "10.0.9.7"), seen(2, "10.0.9.7")], flat), undefined);
  assert.equal(roomOfPerson([seen(1, "10.0.9.7", "10.0.0.7")], flat), undefined);
  assert.equal(roomOfPerson([seen(1, "10.0.9.7")], [kitchen]), undefined, "nobody else to tell");
  const silent = [kitchen, { ...at(2, "lab", "10.0.0.2:7946"), state: "silent" as const }];
  assert.equal(roomOfPerson([seen(1, "10.0.9.7")], silent), undefined);
  const unknown = [kitchen, at(2, "lab", "127.0.0.1:7946")];
  assert.equal(roomOfPerson([seen(1, "10.0.9.7")], unknown), undefined, "it may see anything");
  const two = [kitchen, at(3, "kitchen", "10.0.9.3:7946"), at(2, "lab", "10.0.0.2:7946")];
  assert.equal(roomOfPerson([seen(1, "10.0.9.7"), seen(3, "10.0.9.7")], two), "kitchen");
  assert.equal(roomOfPerson([seen(1, "fe80::7")], flat), undefined, "link-local is everywhere");
  assert.equal(roomOfPerson([], flat), undefined);
  const told = (lan: string) => new Map([[idOf(2), [lan]]]);
  const near = seen(1, "10.0.9.7");
  assert.equal(roomOfPerson([near], flat, told("10.0.8.0/22")), undefined, "one network of two");
  assert.equal(roomOfPerson([near], flat, told("10.0.0.0/24")), "kitchen");
  assert.equal(roomOfPerson([seen(1, "10.0.0.200")], flat, told("10.0.0.0/25")), "kitchen");
  const six = [at(1, "kitchen", "[2001:db8:0:9::1]:7946"), at(2, "lab", "[2001:db8::2]:7946")];
  assert.equal(roomOfPerson([seen(1, "2001:db8:0:9::7")], six), "kitchen");
  assert.equal(roomOfPerson([seen(1, "2001:0db8:0:0:1::7")], six), undefined);
});
