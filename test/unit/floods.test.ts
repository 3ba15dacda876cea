import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock, MINUTE_MS, SECOND_MS } from "../../src/base/time.ts";
import { TokenBucket } from "../../src/base/token-bucket.ts";
import { Conduct } from "../../src/overlay/conduct.ts";
import type { Effect } from "../../src/overlay/effects.ts";
import type { Message } from "../../src/overlay/messages.ts";
import { ORIGIN_ENTRIES_PER_SECOND } from "../../src/overlay/origin-budgets.ts";
import { Overlay } from "../../src/overlay/overlay.ts";
import { DEFAULT_PARAMETERS } from "../../src/overlay/parameters.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { ENTRIES_PER_ORIGIN_MAX, ORIGIN_BYTES_MAX } from "../../src/replica/origin-limits.ts";
import { Replica } from "../../src/replica/replica.ts";
import { simHash } from "../../src/sim/trust.ts";
import { Site } from "./office-site.ts";

const [SELF, PEER, OTHER] = [1, 2, 3].map((at) => nodeIdOfKey(new Uint8Array(32).fill(at)));
const WALL_MS = 1_000_000;

/** A node with one neighbour, which brings what other sites write; it counts signatures. */
class Bench {
  checked = 0;
  forged = new Set<Entry>();
  readonly replica = new Replica({
    hash: simHash,
    verify: (entry) => {
      this.checked += 1;
      return !this.forged.has(entry);
    },
    admit: () => true,
  });
  readonly overlay: Overlay;
  nowMs = 1_000;

  constructor() {
    assert.ok(SELF && PEER);
    this.overlay = new Overlay({
      self: SELF,
      addresses: () => [],
      replica: this.replica,
      parameters: DEFAULT_PARAMETERS,
      random: new SeededRandom(1),
      clock: new ManualClock(WALL_MS),
      silent: () => [],
    });
    this.overlay.handle({ type: "link-up", peer: { id: PEER, addresses: [] } }, this.nowMs);
  }

  gossip(entries: readonly Entry[]): readonly Effect[] {
    const rumours = entries.map((entry) => ({ entry, round: 1 }));
    return this.message({ type: "gossip", rumours });
  }

  message(message: Message): readonly Effect[] {
    assert.ok(PEER);
    return this.overlay.handle({ type: "message", from: PEER, message }, this.nowMs);
  }

  wake(): readonly Effect[] {
    return this.overlay.handle({ type: "wake" }, this.nowMs);
  }

  /** Turns until nothing waits. Gives the most signatures of one turn. */
  settle(): number {
    let most = 0;
    for (let turns = 0; turns < 2_000; turns++) {
      const before = this.checked;
      this.nowMs += 1;
      this.wake();
      most = Math.max(most, this.checked - before);
      if (this.overlay.intake.wakeAtMs() > this.nowMs) return most;
    }
    return assert.fail("it goes on for ever");
  }
}

function rowsOf(site: Site): readonly Entry[] {
  return [...(site.replica.state(site.self)?.rows.values() ?? [])].map(({ entry }) => entry);
}

function says(site: Site, count: number, bytes = 1): readonly Entry[] {
  const value = new Uint8Array(bytes);
  const all: Entry[] = [];
  for (let at = 0; at < count; at++) all.push(...site.write(`key ${at}`, value, 20));
  return all;
}

test("a bucket gives what it has, and what came since", () => {
  const bucket = new TokenBucket(10, 20);
  assert.equal(bucket.take(20, 0), true);
  assert.equal(bucket.take(1, 0), false);
  assert.equal(bucket.take(10, SECOND_MS), true);
  bucket.spend(5, SECOND_MS);
  assert.equal(bucket.has(1, SECOND_MS + 500), false);
  assert.equal(bucket.has(1, SECOND_MS + 700), true);
  assert.equal(bucket.isFull(10 * SECOND_MS), true);
});

test("a long exchange is taken a few signatures a turn, and others come between", () => {
  const bench = new Bench();
  const [large, small] = [new Site(3, "large"), new Site(4, "small")];
  const entries = [...rowsOf(large), ...says(large, 1_000)];
  const origin = large.self;
  const first = entries[0]?.dot ?? { incarnation: 0, seq: 0 };
  const to = entries.at(-1)?.dot ?? first;
  const from = { incarnation: 0, seq: 0 };
  bench.message({ type: "delta", origin, from, to, entries, rest: "none" });
  assert.ok(bench.checked <= 32, `${bench.checked} at once`);
  bench.gossip(rowsOf(small));
  bench.nowMs += 1;
  bench.wake();
  assert.ok(bench.replica.get(small.self, "node"), "the other one did not have to wait");
  const most = bench.settle();
  assert.ok(most <= 32, `${most} in one turn`);
  assert.deepEqual(bench.replica.state(origin)?.position(), to);
});

test("what a turn brings goes on in one frame, at its end", () => {
  const bench = new Bench();
  assert.ok(PEER && OTHER);
  bench.overlay.tree.neighborUp(OTHER, bench.nowMs);
  const from = PEER;
  const rows = [3, 4].flatMap((seed) => rowsOf(new Site(seed, `news ${seed}`)).slice(0, 1));
  for (const entry of rows) {
    const message = { type: "gossip", rumours: [{ entry, round: 0 }] } as const;
    const taken = bench.overlay.take({ type: "message", from, message }, bench.nowMs);
    assert.deepEqual(taken, []);
  }
  assert.ok(bench.overlay.hasTurn);
  const [pushed, told, ...more] = bench.overlay.endTurn();
  assert.ok(pushed?.type === "send" && pushed.message.type === "gossip");
  assert.equal(pushed.message.rumours.length, 2);
  assert.deepEqual([told?.type, more], ["deliver", []]);
  assert.ok(!bench.overlay.hasTurn);
});

test("news goes to the next hop before anybody here is told of it", () => {
  const bench = new Bench();
  assert.ok(OTHER);
  bench.overlay.tree.neighborUp(OTHER, bench.nowMs);
  const effects = bench.gossip(rowsOf(new Site(3, "news")).slice(0, 1));
  const types = effects.map((effect) =>
    effect.type === "send" ? `${effect.message.type} to ${effect.to === OTHER}` : effect.type,
  );
  assert.deepEqual(types, ["gossip to true", "deliver"]);
});

test("what a former life of this node said is heard whole at once, whatever else waits", () => {
  const bench = new Bench();
  const [other, former] = [new Site(3, "other"), new Site(1, "self")];
  assert.equal(former.self, SELF);
  bench.gossip([...rowsOf(other), ...says(other, 100)]);
  const said = [...rowsOf(former), ...says(former, 60)];
  const [first, last] = [said[0], said.at(-1)];
  assert.ok(first && last);
  const span = { from: { incarnation: 0, seq: 0 }, to: last.dot };
  const delta = { type: "delta", origin: former.self, ...span, entries: said, rest: "none" };
  const effects = bench.message(delta as Message);
  const heard = effects.flatMap((effect) => (effect.type === "deliver" ? effect.entries : []));
  assert.equal(heard.filter(({ origin }) => origin === former.self).length, said.length);
});

test("a delta of which something was forged makes nothing whole", () => {
  const bench = new Bench();
  const site = new Site(3, "site");
  const entries = [...rowsOf(site), ...says(site, 100)];
  const bad = entries[60];
  assert.ok(bad);
  bench.forged.add(bad);
  const to = entries.at(-1)?.dot ?? bad.dot;
  const from = { incarnation: 0, seq: 0 };
  bench.message({ type: "delta", origin: site.self, from, to, entries, rest: "none" });
  bench.settle();
  assert.equal(bench.replica.state(site.self)?.position().seq, bad.dot.seq - 1);
});

test("of one origin no more than its budget is taken, and of the others all", () => {
  const bench = new Bench();
  const [flooder, quiet] = [new Site(3, "flooder"), new Site(4, "quiet")];
  bench.gossip([...rowsOf(flooder), ...rowsOf(quiet)]);
  const write = (site: Site, key: string) => bench.gossip(site.write(key, utf8("v"), 20));
  for (let count = 0; count < 1_200; count++) {
    const ten = Array.from({ length: 10 }, (_, at) => flooder.write(`k ${at}`, utf8("v"), 20));
    bench.gossip(ten.flat());
    bench.settle();
  }
  const atRest = bench.checked;
  const { budgets } = bench.overlay.intake;
  assert.deepEqual(budgets.flooding(bench.nowMs), [flooder.self]);
  const spanS = (bench.nowMs - 1_000) / SECOND_MS;
  const most = ENTRIES_PER_ORIGIN_MAX + spanS * ORIGIN_ENTRIES_PER_SECOND + 10;
  assert.ok(atRest <= most, `${atRest} checked, at most ${most}`);
  write(quiet, "still here");
  bench.settle();
  assert.ok(bench.replica.get(quiet.self, "still here"));
  bench.nowMs += 2 * MINUTE_MS;
  assert.deepEqual(budgets.flooding(bench.nowMs), []);
  write(flooder, "later");
  bench.settle();
  assert.ok(bench.replica.get(flooder.self, "later"), "it is heard again");
});

test("all nodes keep the same part of an origin that has too much", () => {
  const site = new Site(3, "flooder");
  const birth = rowsOf(site);
  const sized = (count: number) =>
    Array.from({ length: count }, (_, at) =>
      site.write(`mixed ${at}`, new Uint8Array((at * 7_919) % 8_000), 20),
    ).flat();
  for (const said of [
    says(site, ENTRIES_PER_ORIGIN_MAX + 300),
    says(site, 400, 8_000),
    sized(1_000),
  ]) {
    const entries = [...birth, ...said];
    const digests = [entries, [...entries].reverse()].map((order) => {
      const replica = new Replica({ hash: simHash, verify: () => true, admit: () => true });
      for (const entry of birth) replica.join(entry, 1, WALL_MS);
      for (const entry of order) replica.join(entry, 1, WALL_MS);
      const rows = [...(replica.state(site.self)?.rows.values() ?? [])];
      const size = rows.reduce((sum, { entry }) => sum + entry.body.length + 64, 0);
      assert.ok(rows.length <= ENTRIES_PER_ORIGIN_MAX && size <= ORIGIN_BYTES_MAX);
      assert.ok(rows.length > 200, `${rows.length} rows are left`);
      return Buffer.from(replica.digest()).toString("hex");
    });
    assert.equal(digests[0], digests[1]);
  }
});

test("a link that brings forged entries is cut, longer each time, and forgiven in the end", () => {
  assert.ok(PEER);
  const bench = new Bench();
  const site = new Site(3, "site");
  bench.gossip(rowsOf(site));
  const cut = (effects: readonly Effect[]) => effects.some(({ type }) => type === "close");
  const forge = () => {
    const [entry] = site.write("k", utf8("forged"), 20);
    assert.ok(entry);
    bench.forged.add(entry);
    return bench.gossip([entry]);
  };
  let tries = 1;
  while (!cut(forge())) tries += 1;
  assert.ok(tries >= 3 && tries <= 6, `cut after ${tries}`);
  const { checked } = bench;
  forge();
  assert.equal(bench.checked, checked, "what was on its way is not looked at");
  const peer = { id: PEER, addresses: [] };
  const knock = () => bench.overlay.handle({ type: "link-up", peer }, bench.nowMs);
  bench.overlay.handle({ type: "link-down", peer: PEER }, bench.nowMs);
  assert.ok(cut(knock()), "it does not come back at once");
  bench.nowMs += 11 * SECOND_MS;
  assert.ok(!cut(knock()));
  while (!cut(forge())) tries += 1;
  bench.nowMs += 11 * SECOND_MS;
  assert.ok(cut(knock()), "twice as long the second time");
  bench.nowMs += 10 * SECOND_MS;
  assert.ok(!cut(knock()));
});

test("a rare mistake is forgiven", () => {
  assert.ok(PEER);
  const conduct = new Conduct();
  for (let minute = 0; minute < 100; minute++) {
    assert.equal(conduct.offend(PEER, "malformed", minute * MINUTE_MS), false);
  }
});
