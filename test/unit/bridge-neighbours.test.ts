import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { deviceIp, deviceMac } from "../../firmware-bridge/src/canonical-address.ts";
import { parseIpNeigh, parseProcArp } from "../../firmware-bridge/src/ip-neigh-parse.ts";
import type { Neighbour } from "../../firmware-bridge/src/neighbour.ts";
import type { NeighbourEvent, SeenDevice } from "../../firmware-bridge/src/neighbour-watch.ts";
import { MACS_COUNT_MAX, NeighbourWatch } from "../../firmware-bridge/src/neighbour-watch.ts";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { silentLog } from "../../src/base/log.ts";
import { HOUR_MS, ManualClock, MINUTE_MS } from "../../src/base/time.ts";

const MAC = "ee:33:5e:e4:82:1f";

/** Recorded from iproute2 6.1.0, `ip -s -json neigh show nud all` between two namespaces. */
const RECORDED = `[
{"dst":"10.99.0.77","dev":"v1","refcnt":1,"used":1,"confirmed":61,"updated":1,"probes":4,"state":["INCOMPLETE"]},
{"dst":"10.99.0.2","dev":"v1","lladdr":"${MAC}","refcnt":1,"used":2,"confirmed":2,"updated":2,"probes":4,"state":["REACHABLE"]},
{"dst":"10.99.0.50","dev":"v1","lladdr":"02:00:00:00:00:50","used":0,"confirmed":0,"updated":0,"probes":0,"state":["PERMANENT"]},
{"dst":"fe80::1c9e:abff:fe0c:de47","dev":"lo","lladdr":"00:00:00:00:00:00","used":0,"confirmed":60,"updated":0,"probes":0,"state":["NOARP"]},
{"dst":"ff02::16","dev":"v1","lladdr":"33:33:00:00:00:16","used":2,"confirmed":62,"updated":2,"probes":0,"state":["NOARP"]},
{"dst":"fd99::2","dev":"v1","lladdr":"${MAC}","refcnt":1,"used":1,"confirmed":1,"updated":1,"probes":5,"state":["REACHABLE"]},
{"dst":"192.0.2.1","dev":"eth0","lladdr":"02:fc:00:00:00:05","used":5029,"confirmed":5013,"updated":4978,"probes":1,"state":["STALE"]},
{"dst":"fd00::1","dev":"eth0","used":5890,"confirmed":5950,"updated":5887,"probes":6,"state":["FAILED"]}]`;

test("what the kernel has proof of, and nothing else, is read from a recorded answer", () => {
  const found = [
    { mac: MAC, ip: "10.99.0.2", interface: "v1", confirmedMs: 2_000 },
    { mac: MAC, ip: "fd99::2", interface: "v1", confirmedMs: 1_000 },
    { mac: "02:fc:00:00:00:05", ip: "192.0.2.1", interface: "eth0", confirmedMs: 5_013_000 },
  ];
  assert.deepEqual(parseIpNeigh(JSON.parse(RECORDED), []), found);
  assert.deepEqual(parseIpNeigh(JSON.parse(RECORDED), ["eth0"]), found.slice(2));
});

test("/proc/net/arp: complete entries of devices", () => {
  const text = `IP address       HW type     Flags       HW address            Mask     Device
192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0
192.0.2.2        0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.3        0x1         0x6         02:fc:00:00:00:06     *        eth0
`;
  const only = { mac: "02:fc:00:00:00:05", ip: "192.0.2.1", interface: "eth0", confirmedMs: 0 };
  assert.deepEqual(parseProcArp(text, []), [only]);
  assert.deepEqual(parseProcArp(text, ["wlan0"]), []);
});

test("law: no JSON and no text makes a parser throw or tell what is no device", () => {
  const entry = fc.record(
    {
      dst: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()),
      dev: fc.oneof(fc.constant("eth0"), fc.jsonValue()),
      lladdr: fc.oneof(fc.constantFrom(MAC, "01:00:5e:00:00:01"), fc.string(), fc.jsonValue()),
      confirmed: fc.oneof(fc.nat(), fc.double(), fc.jsonValue()),
      state: fc.oneof(fc.constantFrom(["STALE"], ["FAILED"]), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.oneof(entry, fc.jsonValue())), fc.jsonValue()), (json) => {
      for (const { mac, ip, confirmedMs } of parseIpNeigh(json, [])) {
        assert.equal(deviceMac(mac), mac);
        assert.equal(deviceIp(ip), ip);
        assert.ok(confirmedMs >= 0);
      }
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void parseProcArp(`head\n${text}`, [])));
});

test("addresses have one text each; groups, broadcast, loopback and nothing have none", () => {
  assert.equal(deviceMac("EE-33-5E-E4-82-1F"), MAC);
  for (const mac of ["ff:ff:ff:ff:ff:ff", "33:33:00:00:00:16", "00:00:00:00:00:00", "ee:33", ""]) {
    assert.equal(deviceMac(mac), undefined, mac);
  }
  assert.equal(deviceIp("FD99:0:0:0:0:0:0:2"), "fd99::2");
  assert.equal(deviceIp("fe80::1%eth0"), "fe80::1");
  assert.equal(deviceIp("::ffff:10.0.0.7"), "10.0.0.7");
  for (const ip of ["::1", "::", "ff02::1", "127.0.0.1", "224.0.0.251", "255.255.255.255", "x"]) {
    assert.equal(deviceIp(ip), undefined, ip);
  }
  for (const ip of ["0.0.0.0", "::ffff:127.0.0.1", "1.2.3", "01.2.3.4"]) {
    assert.equal(deviceIp(ip), undefined, ip);
  }
});

/** A watch over a table that the test edits; times are what the kernel would show. */
function rig(known: readonly string[] = [], more: { readonly awayAfterMs?: number } = {}) {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const proof = new Map<string, { mac: string; ip: string; atMs: number }>();
  const events: NeighbourEvent[] = [];
  const state: { broken: string | undefined } = { broken: undefined };
  const read = async (): Promise<Neighbour[]> => {
    if (state.broken !== undefined) throw new Error(state.broken);
    return [...proof.values()].map(({ mac, ip, atMs }) => {
      const confirmedMs = 1_000 * Math.floor((clock.monotonicMs() - atMs) / 1_000);
      return { mac, ip, interface: "eth0", confirmedMs };
    });
  };
  const watch = new NeighbourWatch({
    read,
    updateIntervalMs: 30_000,
    keepMs: 24 * HOUR_MS,
    clock,
    timers,
    log: silentLog,
    known,
    ...more,
  });
  const prove = (mac: string, ip: string) => {
    proof.set(`${mac} ${ip}`, { mac, ip, atMs: clock.monotonicMs() });
  };
  const pass = async (spanMs: number, each: () => void = () => {}) => {
    for (let passed = 0; passed < spanMs; passed += 30_000) {
      each();
      timers.advance(30_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const take = () => events.splice(0);
  const noted: SeenDevice[] = [];
  watch.start({ tell: (event) => events.push(event), note: (device) => noted.push(device) });
  return { watch, proof, prove, pass, take, state, timers, noted };
}

const ipsOf = (events: readonly NeighbourEvent[]) =>
  events.map((event) => (event.type === "seen" ? event.addresses.map(({ ip }) => ip) : event.type));

test("a device is told when new, when its addresses change, and when it is gone", async () => {
  const { watch, proof, prove, pass, take, timers } = rig();
  await pass(60_000);
  assert.deepEqual(take(), []);
  prove(MAC, "10.0.0.2");
  await pass(30_000);
  assert.deepEqual(take(), [
    {
      type: "seen",
      mac: MAC,
      addresses: [{ ip: "10.0.0.2", confirmedMs: 30_000 }],
      confirmedMs: 30_000,
    },
  ]);
  prove(MAC, "fd00::2");
  await pass(30_000);
  assert.deepEqual(ipsOf(take()), [["fd00::2", "10.0.0.2"]]);
  proof.clear();
  await pass(23 * HOUR_MS);
  assert.deepEqual(take(), []);
  await pass(2 * HOUR_MS);
  assert.deepEqual(take(), [{ type: "forgotten", mac: MAC }]);
  await pass(2 * HOUR_MS);
  assert.deepEqual(take(), []);
  await watch.stop();
  assert.equal(timers.count, 0);
});

test("a device that stays is told every 4 min, one that is merely remembered is not", async () => {
  const { watch, prove, pass, take } = rig();
  await pass(HOUR_MS, () => prove(MAC, "10.0.0.2"));
  const told = take().length;
  assert.ok(told >= 13 && told <= 16, `${told} times in an hour`);
  await pass(HOUR_MS);
  assert.ok(take().length <= 1);
  await watch.stop();
});

test("a device that went is told once more, with its age; one that stays is noted", async () => {
  const { watch, proof, prove, pass, take, noted } = rig([], { awayAfterMs: 15 * MINUTE_MS });
  await pass(3 * MINUTE_MS, () => prove(MAC, "10.0.0.2"));
  assert.equal(take().length, 1);
  assert.equal(noted.length, 4, "each poll but the first two");
  await pass(10 * MINUTE_MS);
  assert.equal(take().length, 1, "the last proof, in its turn");
  await pass(8 * HOUR_MS);
  const [away, ...others] = take();
  assert.ok(away?.type === "seen" && away.confirmedMs > 15 * MINUTE_MS);
  assert.ok(away.confirmedMs < 17 * MINUTE_MS);
  assert.deepEqual(others, []);
  proof.clear();
  prove(MAC, "10.0.0.2");
  await pass(5 * MINUTE_MS);
  assert.equal(take().length, 1, "it is back");
  await watch.stop();
});

test("a device known before a restart is forgotten in its turn", async () => {
  const { watch, pass, take } = rig([MAC]);
  await pass(23 * HOUR_MS);
  assert.deepEqual(take(), []);
  await pass(2 * HOUR_MS);
  assert.deepEqual(take(), [{ type: "forgotten", mac: MAC }]);
  await watch.stop();
});

test("a router with hundreds of addresses shows 8, and is not news at every poll", async () => {
  const { watch, prove, pass, take } = rig();
  let next = 0;
  await pass(120_000, () => {
    for (let many = 0; many < 50; many++) prove(MAC, `10.1.${next >> 8}.${next++ & 255}`);
  });
  const events = take();
  assert.equal(events.length, 1);
  assert.equal(ipsOf(events)[0]?.length, 8);
  await watch.stop();
});

test("at most 1024 devices are followed", async () => {
  const { watch, prove, pass, take } = rig();
  for (let at = 0; at < 1_500; at++) {
    prove(`02:00:00:00:${hex(at >> 8)}:${hex(at & 255)}`, `10.2.${at >> 8}.${at & 255}`);
  }
  await pass(60_000);
  assert.equal(take().length, MACS_COUNT_MAX);
  await watch.stop();
});

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

test("a table that can't be read is told in health, and forgets nobody early", async () => {
  const { watch, prove, pass, take, state } = rig();
  prove(MAC, "10.0.0.2");
  await pass(30_000);
  take();
  state.broken = "install iproute2";
  await pass(30_000);
  assert.deepEqual(watch.health(), { state: "failing", error: "install iproute2" });
  assert.deepEqual(take(), []);
  state.broken = undefined;
  await pass(30_000);
  assert.deepEqual(watch.health(), { state: "ok" });
  await watch.stop();
});
