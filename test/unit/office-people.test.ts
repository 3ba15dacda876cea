import assert from "node:assert/strict";
import test from "node:test";
import { claimKey, encodeClaim } from "../../src/office/claims.ts";
import { isPrivateMac, parseMac } from "../../src/office/network.ts";
import { personViews, presentForMs } from "../../src/office/people.ts";
import { aged, deviceKey, deviceRecord } from "../../src/office/records.ts";
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
