import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { ownLans } from "../../firmware-bridge/src/neighbour-probe.ts";
import { ok } from "../../src/base/result.ts";
import { HOUR_MS, ManualClock, MINUTE_MS } from "../../src/base/time.ts";
import { DeviceProbe } from "../../src/node/device-probe.ts";
import { claimKey, encodeClaim, encodeUnclaim, unclaimKey } from "../../src/office/claims.ts";
import { probeAt, turnAt } from "../../src/office/probing.ts";
import { ALIVE_KEY, aliveRecord, deviceKey, deviceRecord } from "../../src/office/records.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { simHash } from "../../src/sim/trust.ts";
import { meet, Site } from "./office-site.ts";

const AWAY_MS = 15 * MINUTE_MS;
const STEP_MS = 10_000;
const PHONE = "3c:22:fb:01:02:03";
const OTHER = "3c:22:fb:01:02:04";

test("turns begin before the owner is taken for away, and come ever more seldom", () => {
  assert.equal(turnAt(AWAY_MS / 2 - 1, AWAY_MS), undefined);
  const begun = new Map<number, number>();
  for (let ageMs = AWAY_MS / 2; ageMs < 24 * HOUR_MS; ageMs += 1_000) {
    const turn = turnAt(ageMs, AWAY_MS);
    assert.ok(turn !== undefined);
    if (!begun.has(turn)) begun.set(turn, ageMs);
  }
  const starts = [...begun.values()];
  assert.deepEqual(
    [...begun.keys()],
    starts.map((_, at) => at),
    "none is left out",
  );
  assert.equal(starts.filter((ms) => ms < AWAY_MS).length, 5);
  const pauses = starts.slice(1).map((ms, at) => ms - (starts[at] ?? 0));
  for (const [at, pause] of pauses.entries()) assert.ok(pause >= (pauses[at - 1] ?? 0) - 1_000);
  assert.ok(Math.max(...pauses) <= 15 * MINUTE_MS);
  const spans = fc.double({ min: 0, max: 3e11, noNaN: true });
  fc.assert(
    fc.property(spans, fc.double({ min: 1e4, max: 2e9, noNaN: true }), (ageMs, awayMs) => {
      const turn = turnAt(ageMs, awayMs);
      assert.equal(turn === undefined, ageMs < awayMs / 2);
      assert.ok(turn === undefined || Number.isInteger(turn));
    }),
  );
});

/** Some Pis in one mesh that hears everything at once, and what each asked after. */
function office(lans: readonly (readonly string[])[]) {
  const clock = new ManualClock();
  const sites = lans.map((_, at) => new Site(at + 1, `pi-${at}`));
  const asked: { by: number; ip: string; atMs: number }[] = [];
  const looks = new Map<number, () => void>();
  const dead = new Set<number>();
  const listeners: ((entries: readonly Entry[]) => void)[] = [];
  sites.forEach((site, by) => {
    new DeviceProbe({
      self: site.self,
      replica: site.replica,
      clock,
      hash: simHash,
      keepMs: 24 * HOUR_MS,
      awayAfterMs: AWAY_MS,
      lans: () => lans[by] ?? [],
      ask: (ip) => asked.push({ by, ip, atMs: clock.monotonicMs() }),
      node: {
        every: (_, look) => void looks.set(by, look),
        onEntries: (listener) => {
          listeners.push(listener);
          return () => {};
        },
        write: (key, value) => {
          site.write(key, value, clock.monotonicMs());
          return ok(undefined);
        },
      },
    }).start();
  });
  const pass = (spanMs: number) => {
    for (let passed = 0; passed < spanMs; passed += STEP_MS) {
      clock.advance(STEP_MS);
      const nowMs = clock.monotonicMs();
      sites.forEach((site, at) => {
        if (!dead.has(at)) site.write(ALIVE_KEY, aliveRecord.encode({ uptimeMs: nowMs }), nowMs);
      });
      const living = sites.filter((_, at) => !dead.has(at));
      meet(living, nowMs);
      for (const [at, look] of looks) if (!dead.has(at)) look();
    }
    return asked.splice(0);
  };
  const see = (at: number, mac: string, ips: readonly string[]) => {
    const record = deviceRecord.encode({ ips: [...ips], confirmedMs: 0 });
    sites[at]?.write(deviceKey(mac), record, clock.monotonicMs());
  };
  const write = (key: string, value: Uint8Array) => {
    const entries = sites[0]?.write(key, value, clock.monotonicMs()) ?? [];
    for (const listener of listeners) listener(entries);
  };
  const claim = (mac: string) => write(claimKey(mac, 1), encodeClaim("Ana"));
  return { sites, pass, see, claim, write, dead };
}

test("eight Pis ask as often as one would, and only after what is registered", () => {
  const lan = ["10.0.0.0/24", "fd00::/64"];
  const { pass, see, claim } = office(Array.from({ length: 8 }, () => lan));
  claim(PHONE);
  see(0, PHONE, ["10.0.0.9"]);
  see(1, OTHER, ["10.0.0.10"]);
  assert.deepEqual(pass(AWAY_MS / 2 - STEP_MS), [], "it was seen not long ago");
  const before = pass(AWAY_MS / 2);
  assert.equal(before.length, 5);
  assert.ok(before.every(({ ip }) => ip === "10.0.0.9"));
  assert.ok(new Set(before.map(({ by }) => by)).size > 1, "they take turns");
  const later = pass(HOUR_MS);
  assert.ok(later.length >= 5 && later.length <= 7, `${later.length} in an hour`);
  see(2, PHONE, ["10.0.0.9"]);
  assert.deepEqual(pass(AWAY_MS / 2 - STEP_MS), [], "it is back");
  assert.equal(pass(AWAY_MS / 2).length, 5, "and asked after again when it is silent");
});

test("many phones are split among the Pis; a device nobody has any more is left alone", () => {
  const { sites, pass, see, claim, write } = office(
    Array.from({ length: 4 }, () => ["10.0.0.0/24"]),
  );
  const macs = Array.from({ length: 40 }, (_, at) => `3c:22:fb:01:02:${(at + 16).toString(16)}`);
  macs.forEach((mac, at) => {
    claim(mac);
    see(at % 4, mac, [`10.0.0.${at + 9}`]);
  });
  const first = pass(AWAY_MS / 2 + MINUTE_MS);
  assert.equal(first.length, 40);
  for (const by of [0, 1, 2, 3]) {
    const share = first.filter((probe) => probe.by === by).length;
    assert.ok(share >= 3 && share <= 20, `pi-${by} asked ${share} times`);
  }
  const [site] = sites as [Site];
  for (const mac of macs) {
    const value = encodeUnclaim(site.replica, site.self, mac, [{ origin: site.self, tag: 1 }]);
    write(unclaimKey(mac), value);
  }
  assert.deepEqual(pass(AWAY_MS), []);
});

test("at once a Pi asks no more than its budget allows", () => {
  const { pass, see, claim } = office([["10.0.0.0/24"]]);
  for (let at = 16; at < 66; at++) {
    claim(`3c:22:fb:01:02:${at.toString(16)}`);
    see(0, `3c:22:fb:01:02:${at.toString(16)}`, [`10.0.0.${at}`]);
  }
  const all = pass(AWAY_MS / 2 + MINUTE_MS);
  assert.equal(new Set(all.map(({ ip }) => ip)).size, 50, "nobody is forgotten");
  for (const { atMs } of all) {
    const together = all.filter((other) => other.atMs === atMs).length;
    assert.ok(together <= 8, `${together} at once`);
  }
});

test("who can't reach a device does not ask, and who died has no turn", () => {
  const lans = [["10.0.1.0/24"], ["10.0.0.0/24"], ["10.0.0.0/24"], []];
  const { pass, see, claim, dead } = office(lans);
  claim(PHONE);
  see(3, PHONE, ["10.0.0.9", "fd00::9"]);
  const both = pass(AWAY_MS);
  assert.ok(both.length >= 5 && both.every(({ by }) => by === 1 || by === 2));
  assert.ok(
    both.every(({ ip }) => ip === "10.0.0.9"),
    "nobody is in the other subnet",
  );
  dead.add(1);
  const left = pass(2 * HOUR_MS);
  assert.ok(left.length >= 8 && left.every(({ by }) => by === 2), JSON.stringify(left));
});

test("the newest address of each family is asked after in turn, and no older one", () => {
  const { pass, see, claim } = office([["10.0.0.0/24", "fd00::/64"]]);
  claim(PHONE);
  see(0, PHONE, ["fd00::a", "fd00::b", "10.0.0.9", "fe80::9", "10.0.0.8"]);
  const asked = pass(AWAY_MS).map(({ ip }) => ip);
  assert.deepEqual(asked.slice(0, 4), ["10.0.0.9", "fd00::a", "10.0.0.9", "fd00::a"]);
});

test("with any number of nodes, each has its turn at each address", () => {
  for (const count of [1, 2, 3, 4, 5, 8]) {
    const nodes = Array.from({ length: count }, (_, at) => new Site(at + 1, "pi").self);
    const device = { mac: PHONE, ips: ["10.0.0.9", "fd00::9"], reachedBy: () => nodes };
    const probes = Array.from({ length: 2 * count }, (_, turn) => probeAt(turn, device, simHash));
    const ways = new Set(probes.map((probe) => `${probe?.node} ${probe?.ip}`));
    assert.equal(ways.size, 2 * count);
    assert.equal(new Set(probes.slice(0, count).map((probe) => probe?.node)).size, count);
    assert.equal(new Set(probes.slice(0, 2).map((probe) => probe?.ip)).size, 2);
  }
});

test("a node that says nonsense of subnets or addresses harms nobody", () => {
  const { pass, see, claim } = office([["10.0.0.0/24"], ["10.0.0.0/99", "x", "/", "::/-1"]]);
  claim(PHONE);
  see(0, PHONE, ["10.0.0.9"]);
  claim(OTHER);
  see(1, OTHER, ["example.org", "fe80::1%eth0", "", "10.0.0.256", "8.8.8.8", "224.0.0.1"]);
  const all = pass(AWAY_MS);
  assert.ok(all.length >= 2 && all.every(({ by, ip }) => by === 0 && ip === "10.0.0.9"));
});

test("own subnets: without the host's part, loopback, link-local ones and tunnels' ends", () => {
  const at = (cidr: string, internal = false) => {
    const [address = ""] = cidr.split("/");
    const family = address.includes(":") ? ("IPv6" as const) : ("IPv4" as const);
    return { address, cidr, internal, family, netmask: "", mac: "", scopeid: 0 } as never;
  };
  const machine = {
    lo: [at("127.0.0.1/8", true), at("::1/128", true)],
    eth0: [
      at("10.20.30.41/22"),
      at("fd12:3456:789a:bcde:1:2:3:4/64"),
      at("fd12:3456:789a:bcde:9::1/64"),
      at("fe80::1/64"),
    ],
    wlan0: [at("192.168.7.200/25"), at("2001:db8::7/126"), at("169.254.3.4/16")],
    tun0: [at("10.8.0.2/32")],
  };
  assert.deepEqual(ownLans([], machine), [
    "10.20.28.0/22",
    "192.168.7.128/25",
    "2001:db8::4/126",
    "fd12:3456:789a:bcde::/64",
  ]);
  assert.deepEqual(ownLans(["tun0"], machine), []);
});
