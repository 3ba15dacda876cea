import assert from "node:assert/strict";
import test from "node:test";
import { ok } from "../../src/base/result.ts";
import { HOUR_MS, ManualClock, MINUTE_MS, SECOND_MS } from "../../src/base/time.ts";
import { DeviceReport } from "../../src/node/device-report.ts";
import { claimKey, encodeClaim, encodeUnclaim, unclaimKey } from "../../src/office/claims.ts";
import { deviceViews } from "../../src/office/network.ts";
import { parseDeviceKey } from "../../src/office/records.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { meet, Site } from "./office-site.ts";

const PHONE = "3c:22:fb:01:02:03";
const AWAY_MS = 15 * MINUTE_MS;

/** Two Pis with a report each, on one clock. */
function pair(record: "all" | "registered" | "none" = "all") {
  const clock = new ManualClock();
  const sites = [new Site(1, "a"), new Site(2, "b")] as const;
  const listeners: ((entries: readonly Entry[]) => void)[] = [];
  const told: { by: string; mac: string }[] = [];
  const hostnames = new Map<string, string>();
  let erasures = 0;
  const reports = sites.map((site) => {
    const report = new DeviceReport({
      self: site.self,
      replica: site.replica,
      clock,
      record,
      awayAfterMs: AWAY_MS,
      hostnameOf: (mac) => hostnames.get(mac),
      node: {
        onEntries: (listener) => {
          listeners.push(listener);
          return () => {};
        },
        erase: () => {
          erasures += 1;
          return ok(undefined);
        },
        write: (key, value) => {
          const mac = parseDeviceKey(key);
          if (mac !== undefined && value !== undefined) told.push({ by: site.name, mac });
          pass(site.write(key, value, clock.monotonicMs()));
          return ok(undefined);
        },
      },
    });
    report.start();
    return report;
  });
  /** Lets all hear what was written. */
  const pass = (entries: readonly Entry[]) => {
    meet(sites, clock.monotonicMs());
    for (const listener of listeners) listener(entries);
  };
  const seen = (ip: string, confirmedMs: number) => ({
    mac: PHONE,
    addresses: [{ ip, confirmedMs }],
    confirmedMs,
  });
  const shown = () =>
    sites.map(({ replica }) => deviceViews(replica, 24 * HOUR_MS, clock.monotonicMs())[0]);
  const [a, b] = reports as [DeviceReport, DeviceReport];
  return { clock, sites, a, b, told, seen, shown, pass, hostnames, erased: () => erasures };
}

test("a device that roams back is shown there at once; who agrees says nothing", () => {
  const { clock, a, b, told, seen, shown } = pair();
  a.tell({ type: "seen", ...seen("10.0.1.9", 0) });
  clock.advance(MINUTE_MS);
  a.note(seen("10.0.1.9", 0));
  b.note(seen("10.0.1.9", 0));
  assert.equal(told.length, 1, "all know that it is there");

  b.tell({ type: "seen", ...seen("10.0.2.9", 0) });
  assert.deepEqual(
    shown().map((view) => view?.ip),
    ["10.0.2.9", "10.0.2.9"],
  );
  clock.advance(30 * SECOND_MS);
  a.note(seen("10.0.1.9", 31 * SECOND_MS));
  assert.equal(told.length, 2, "its own proof is older");
  a.note(seen("10.0.1.9", 0));
  assert.deepEqual(
    shown().map((view) => view?.ip),
    ["10.0.1.9", "10.0.1.9"],
  );
  assert.equal(a.macOf("10.0.1.9"), PHONE);
});

test("two who never agree, as on a router of many subnets, argue ever more seldom", () => {
  const { clock, a, b, told, seen } = pair();
  a.tell({ type: "seen", ...seen("10.0.1.1", 0) });
  b.tell({ type: "seen", ...seen("10.0.2.1", 0) });
  for (let passed = 0; passed < HOUR_MS; passed += 30 * SECOND_MS) {
    clock.advance(30 * SECOND_MS);
    a.note(seen("10.0.1.1", 0));
    b.note(seen("10.0.2.1", 0));
  }
  assert.ok(told.length > 4 && told.length < 60, `${told.length} tellings in an hour`);
});

test("a DHCP server's name goes with a device that somebody claimed, and with no other", () => {
  for (const record of ["registered", "all"] as const) {
    const { a, told, seen, shown, sites, pass, hostnames, erased } = pair(record);
    hostnames.set(PHONE, "anas-phone");
    a.tell({ type: "seen", ...seen("10.0.1.9", 0) });
    a.note(seen("10.0.1.9", 0));
    assert.equal(told.length, record === "all" ? 1 : 0);
    assert.equal(shown()[1]?.hostname, undefined);
    const [site] = sites;
    pass(site.write(claimKey(PHONE, 1), encodeClaim("Ana"), 0));
    assert.deepEqual(
      shown().map((view) => view?.hostname),
      ["anas-phone", "anas-phone"],
    );
    const before = erased();
    const value = encodeUnclaim(site.replica, site.self, PHONE, [{ origin: site.self, tag: 1 }]);
    pass(site.write(unclaimKey(PHONE), value, 0));
    assert.deepEqual(
      shown().map((view) => view?.hostname),
      [undefined, undefined],
    );
    assert.equal(shown()[1]?.ip, record === "all" ? "10.0.1.9" : undefined);
    assert.ok(erased() > before, "it is in no file either");
  }
});
