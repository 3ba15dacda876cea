import assert from "node:assert/strict";
import type { networkInterfaces } from "node:os";
import test from "node:test";
import fc from "fast-check";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { type Address, type NodeId, nodeIdOfKey } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock } from "../../src/base/time.ts";
import { Sources } from "../../src/link/discovery/choose.ts";
import { Complaints } from "../../src/link/discovery/complaints.ts";
import { Configured } from "../../src/link/discovery/configured.ts";
import { HintBook, IDS_MAX } from "../../src/link/discovery/hint-book.ts";
import { cameFrom, isWithin, scanSegments } from "../../src/link/discovery/interfaces.ts";
import { nodeIdOfPeer } from "../../src/link/discovery/libp2p.ts";
import {
  PACKETS_BURST,
  PACKETS_PER_SECOND,
  PacketBudget,
} from "../../src/link/discovery/packet-budget.ts";
import { instanceOf, TTL_S } from "../../src/link/discovery/records.ts";
import type { Hint } from "../../src/link/discovery-port.ts";
import { ADDRESSES_MAX } from "../../src/overlay/parameters.ts";

type Interfaces = ReturnType<typeof networkInterfaces>;

function idOf(number: number) {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, number);
  return nodeIdOfKey(key);
}

function info(address: string, cidr: string, internal = false) {
  const family = address.includes(":") ? ("IPv6" as const) : ("IPv4" as const);
  const common = { address, cidr, internal, mac: "02:00:00:00:00:01", netmask: "" };
  return family === "IPv6" ? { ...common, family, scopeid: 2 } : { ...common, family };
}

const LO = [info("127.0.0.1", "127.0.0.1/8", true), info("::1", "::1/128", true)];
const ETH = [
  info("192.168.1.5", "192.168.1.5/24"),
  info("2001:db8::5", "2001:db8::5/64"),
  info("fe80::5", "fe80::5/64"),
];

test("segments: each IPv4 address, one link-local one, loopback only alone or by name", () => {
  const names = (wanted: string[], interfaces: Interfaces) =>
    scanSegments(wanted, interfaces).map(({ name, address }) => `${name} ${address}`);
  const both: Interfaces = { lo: LO, eth0: ETH };
  assert.deepEqual(names([], both), ["eth0 192.168.1.5", "eth0 fe80::5"]);
  assert.deepEqual(names([], { lo: LO }), ["lo 127.0.0.1"]);
  assert.deepEqual(names(["lo"], both), ["lo 127.0.0.1"]);
  assert.deepEqual(names(["lo", "eth0"], both).length, 3);
  assert.deepEqual(names(["wlan0"], both), []);
});

test("own subnets: both families, and where a packet came from", () => {
  const [v4, v6] = scanSegments([], { eth0: ETH });
  assert.ok(v4 !== undefined && v6 !== undefined);
  for (const near of ["192.168.1.1", "192.168.1.254", "2001:db8::99", "fe80::99"]) {
    assert.equal(isWithin(v4.subnets, near), true, near);
  }
  for (const far of ["192.168.2.1", "8.8.8.8", "127.0.0.1", "2001:db9::1", "", "x", "1.2.3"]) {
    assert.equal(isWithin(v4.subnets, far), false, far);
  }
  assert.equal(cameFrom(v4, "192.168.1.9"), true);
  assert.equal(cameFrom(v4, "10.0.0.9"), false);
  assert.equal(cameFrom(v6, "fe80::9%eth0"), true);
  assert.equal(cameFrom(v6, "fe80::9%wlan0"), false);
  assert.equal(cameFrom(v6, "fe80::9"), false);
  assert.equal(cameFrom(v6, "2001:db8::9"), false);
});

test("the packet budget: a burst, then so many a second, whatever is asked", () => {
  const budget = new PacketBudget();
  assert.equal(budget.take(0, PACKETS_BURST + 5), PACKETS_BURST);
  assert.equal(budget.take(0), 0);
  assert.equal(budget.take(1_000, 99), PACKETS_PER_SECOND);
  assert.equal(budget.take(3_600_000, 99), PACKETS_BURST);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5_000), fc.integer({ min: 1, max: 5 }))), (steps) => {
      const fresh = new PacketBudget();
      let [nowMs, sent] = [0, 0];
      for (const [afterMs, wanted] of steps) {
        nowMs += afterMs;
        sent += fresh.take(nowMs, wanted);
      }
      assert.ok(sent <= PACKETS_BURST + (nowMs / 1_000) * PACKETS_PER_SECOND);
    }),
  );
});

const at = (text: string) => text as Address;
const sighting = (id: NodeId, addresses: readonly Address[], ttlS = TTL_S) => ({
  id,
  instance: instanceOf(id),
  addresses,
  ttlS,
});

test("a hint comes once, on a change, and again when it was forgotten", () => {
  const book = new HintBook();
  const id = idOf(1);
  const say = (address: string, nowMs: number, ttlS = TTL_S) =>
    book.see("eth0", sighting(id, [at(address)], ttlS), nowMs)?.addresses;
  assert.deepEqual(say("10.0.0.1:1", 0), ["10.0.0.1:1"]);
  assert.equal(say("10.0.0.1:1", 50_000), undefined);
  assert.deepEqual(say("10.0.0.2:1", 60_000), ["10.0.0.2:1", "10.0.0.1:1"]);
  assert.equal(say("10.0.0.1:1", 61_000), undefined, "two NICs on one LAN don't flap");
  assert.deepEqual(say("10.0.0.2:1", 61_000 + TTL_S * 1_000), ["10.0.0.2:1"], "it was silent");
  assert.equal(say("10.0.0.2:1", 190_000, 0), undefined, "a goodbye");
  assert.deepEqual(book.all(190_000), []);
  assert.deepEqual(say("10.0.0.2:1", 191_000), ["10.0.0.2:1"]);
  book.drop("eth0");
  assert.deepEqual(book.all(191_000), []);
});

test("a goodbye on one interface leaves what was heard on another", () => {
  const book = new HintBook();
  const id = idOf(1);
  book.see("eth0", sighting(id, [at("10.0.0.1:1")]), 0);
  book.see("wlan0", sighting(id, [at("10.1.0.1:1")]), 0);
  book.see("eth0", sighting(id, [], 0), 1);
  assert.deepEqual(book.all(1)[0]?.addresses, ["10.1.0.1:1"]);
  assert.deepEqual(book.known("eth0", 1), []);
});

test("known answers: half a life and more, each segment its own", () => {
  const book = new HintBook();
  book.see("eth0", sighting(idOf(1), [at("10.0.0.1:1")]), 0);
  assert.deepEqual(book.known("eth0", 10_000), [
    { instance: instanceOf(idOf(1)), ttlS: TTL_S - 10 },
  ]);
  assert.deepEqual(book.known("wlan0", 10_000), []);
  assert.deepEqual(book.known("eth0", (TTL_S / 2) * 1_000), []);
});

test("a flood of ids and addresses stays within bounds, and newcomers are still told of", () => {
  const book = new HintBook();
  for (let n = 0; n < 3 * IDS_MAX; n++) {
    const addresses = Array.from({ length: 20 }, (_, last) => at(`10.0.0.${last}:${n + 1}`));
    const hint = book.see("eth0", sighting(idOf(n), addresses), n);
    assert.equal(hint?.addresses.length, ADDRESSES_MAX);
  }
  assert.equal(book.all(0).length, IDS_MAX);
});

test("configured peers: at start, then after growing pauses, names left as names", async () => {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const peers = ["pi.local:7946", "[fe80::1%eth0]:7946", "nonsense"];
  const random = new SeededRandom(1);
  const source = new Configured({ peers, clock, timers, random, log: silentLog });
  const told: number[] = [];
  await source.start(({ addresses }) => {
    assert.deepEqual(addresses, ["pi.local:7946", "[fe80::1%eth0]:7946"]);
    told.push(clock.monotonicMs());
  });
  for (let second = 0; second < 600; second++) {
    source.refresh();
    timers.advance(1_000);
  }
  const gaps = told.slice(1).map((ms, at) => ms - (told[at] ?? 0));
  assert.ok(gaps.length >= 8 && gaps.length < 25, `${gaps}`);
  assert.ok((gaps[0] ?? 0) < 3_000 && (gaps.at(-1) ?? 0) > 40_000, `${gaps}`);
  timers.advance(300_000);
  const before = told.length;
  source.refresh();
  timers.advance(3_000);
  assert.equal(told.length, before + 1, "after a calm time the pauses are short again");
  await source.stop();
  source.refresh();
  assert.equal(timers.count, 0);
});

test("mode off: the configured peers alone", async () => {
  const clock = new ManualClock();
  const hints: Hint[] = [];
  const discovery = new Sources({
    mode: "off",
    peers: ["10.0.0.1:7946"],
    announcement: { id: idOf(1), port: 7946, host: "::", meshTag: "aa", version: 1 },
    clock,
    timers: new ManualTimers(clock),
    random: new SeededRandom(1),
    log: silentLog,
  });
  await discovery.start((hint) => hints.push(hint));
  assert.deepEqual(hints, [{ id: undefined, addresses: ["10.0.0.1:7946"], source: "configured" }]);
  assert.deepEqual(
    discovery.state().map(({ source }) => source),
    ["configured"],
  );
  await discovery.stop();
});

test("complaints: all counted, each kind logged once a minute", () => {
  const clock = new ManualClock();
  let lines = 0;
  const complaints = new Complaints({ write: () => lines++ }, clock);
  for (let n = 0; n < 120; n++) {
    complaints.add("malformed", "x");
    clock.advance(1_000);
  }
  assert.equal(complaints.count("malformed"), 120);
  assert.equal(lines, 2);
});

test("libp2p peer ids and node ids are made of one key", async () => {
  const { publicKeyFromRaw, generateKeyPair } = await import("@libp2p/crypto/keys");
  const { peerIdFromPublicKey, peerIdFromString } = await import("@libp2p/peer-id");
  const key = Uint8Array.from({ length: 32 }, (_, at) => at);
  const peerId = peerIdFromPublicKey(publicKeyFromRaw(key));
  const back = peerIdFromString(peerId.toString());
  assert.equal(nodeIdOfPeer(back.publicKey), nodeIdOfKey(key));
  const other = (await generateKeyPair("secp256k1")).publicKey;
  assert.equal(nodeIdOfPeer(other), undefined);
  assert.equal(nodeIdOfPeer(undefined), undefined);
});
