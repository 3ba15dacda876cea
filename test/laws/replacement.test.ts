import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import { claimKey, claims, encodeClaim } from "../../src/office/claims.ts";
import { doorFolds, passagesKey, passagesRecord } from "../../src/office/doors.ts";
import { nodeViews, silentNodes } from "../../src/office/nodes.ts";
import { readingKey, readingRecord } from "../../src/office/records.ts";
import {
  encodeReplaces,
  placeOf,
  placeTaken,
  replacedKey,
  replacementViews,
  replacesKey,
} from "../../src/office/replacements.ts";
import { nextTarget, targetKey, targetView } from "../../src/office/targets.ts";
import { meet, Site } from "../unit/office-site.ts";

const SITES = 5;
const ROOMS = ["lab", "hall"];
const at = fc.nat(SITES - 1);
const number = fc.integer({ min: 15, max: 30 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant("hear"), who: at, whom: at, number }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("target"), who: at, whom: at, number }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("pass"), who: at, whom: at, number }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("claim"), who: at, whom: at, number }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("read"), who: at, whom: at, number }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("replace"), who: at, whom: at, number }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const MAC = "02:00:00:00:00:01";
const READING = { room: "lab", ageMs: 0, everyMs: 60_000 };

function office(): Site[] {
  return Array.from({ length: SITES }, (_, place) => new Site(place + 1, `pi-${place}`));
}

/** What somebody does, as far as they know nothing that forbids it. */
function act(all: readonly Site[], { type, who, whom, number: value }: Step, nowMs: number): void {
  const [one, other] = [all[who], all[whom]];
  if (one === undefined || other === undefined || one.replica.isReplaced(one.self)) return;
  const room = ROOMS[value % 2] ?? "";
  if (type === "hear" && one !== other) one.hear(other, nowMs);
  if (type === "target") {
    const stamp = one.replica.tick(one.wall(nowMs));
    const bytes = nextTarget(one.replica, room, "temperature", stamp, value);
    one.write(targetKey(room, "temperature"), bytes, nowMs);
  }
  if (type === "pass") {
    const value = passagesRecord.encode({ ins: nowMs + 1, outs: 0, run: "1" });
    one.write(passagesKey(room, "door"), value, nowMs);
  }
  if (type === "claim") one.write(claimKey(MAC, nowMs + 1), encodeClaim(one.name), nowMs);
  if (type === "read") {
    const bytes = readingRecord.encode({ ...READING, value });
    one.write(readingKey("box", "temperature"), bytes, nowMs);
  }
  if (type === "replace") give(one, other, all[(whom + 1) % SITES] ?? one, nowMs);
}

/** An admin gives the place of one to another, who says what it takes over. */
function give(admin: Site, old: Site, heir: Site, nowMs: number): void {
  const place = placeOf(admin.replica, old.self);
  if (place === undefined || old === heir || old === admin) return;
  heir.write(replacesKey(old.self), encodeReplaces(place, "safe"), nowMs);
  admin.write(replacedKey(old.self), utf8(heir.self), nowMs);
}

/** What people set and what passed, as one node shows it. */
function shown({ replica, self }: Site): string {
  const doors = [...doorFolds(replica, 0)].map(([room, { net }]) => [room, net]).sort();
  const targets = ROOMS.map((room) => targetView(replica, room, "temperature"));
  const people = claims(replica).map(({ origin, tag, person }) => [origin, tag, person]);
  const places = replacementViews(replica).map(({ node, by, state }) => [node, by, state]);
  const states = nodeViews(replica, self, 0).map(({ id, state }) => [id, state === "retired"]);
  return JSON.stringify([doors, targets, people.sort(), places, states]);
}

test("who replaced whom is the same for all, in whatever order they hear of it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const all = office();
      for (const [nowMs, one] of steps.entries()) act(all, one, nowMs);
      for (let round = 0; round < SITES; round++) meet(all, 1_000 + round);
      const [first, ...others] = all;
      assert.ok(first);
      for (const other of others) {
        assert.equal(toHex(other.replica.digest()), toHex(first.replica.digest()));
        assert.equal(shown(other), shown(first));
      }
    }),
    { numRuns: 300 },
  );
});

test("a replacement changes nothing of what people set, and drops what tells of the present", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), at, at, (steps, oldAt, heirAt) => {
      const all = office();
      const quiet = steps.filter(({ type }) => type !== "replace");
      for (const [nowMs, one] of quiet.entries()) act(all, one, nowMs);
      meet(all, 500);
      const [admin, old, heir] = [all[(oldAt + 1) % SITES], all[oldAt], all[heirAt]];
      if (!admin || !old || !heir || old === heir) return;
      const before = ROOMS.map((room) => targetView(admin.replica, room, "temperature"));
      const [doors, people] = [doorFolds(admin.replica, 0), claims(admin.replica)];
      give(admin, old, heir, 600);
      for (const site of all) if (site !== old) site.hear(admin, 601);
      heir.hear(admin, 602);
      admin.hear(heir, 602);
      assert.deepEqual(
        ROOMS.map((room) => targetView(admin.replica, room, "temperature")),
        before,
      );
      assert.deepEqual(doorFolds(admin.replica, 0), doors);
      assert.deepEqual(claims(admin.replica), people);
      assert.equal(admin.replica.get(old.self, readingKey("box", "temperature")), undefined);
      assert.equal(placeTaken(heir.replica, heir.self)?.name, old.name);
      assert.ok(silentNodes(admin.replica, admin.self, 0).includes(old.self));
      const state = nodeViews(admin.replica, admin.self, 0).find(({ id }) => id === old.self);
      assert.equal(state?.state, "retired");
    }),
    { numRuns: 200 },
  );
});

test("two given one place on the two sides of a cut: one has it, and the other knows", () => {
  const [left, right, old, one, two] = office() as [Site, Site, Site, Site, Site];
  meet([left, right, old, one, two], 1);
  give(left, old, two, 2);
  left.hear(two, 3);
  two.hear(left, 3);
  give(right, old, one, 4);
  one.hear(right, 5);
  right.hear(one, 5);
  assert.deepEqual(
    [placeTaken(one.replica, one.self)?.node, placeTaken(two.replica, two.self)?.node],
    [old.self, old.self],
  );
  meet([left, right, one, two], 6);
  const winner = one.self < two.self ? one : two;
  for (const { replica } of [left, right, one, two]) {
    assert.deepEqual(replica.successorsOf(old.self), [one.self, two.self].sort());
    const states = replacementViews(replica).map(({ by, state }) => [by === winner.self, state]);
    assert.deepEqual(states.sort(), [
      [false, "lost"],
      [true, "done"],
    ]);
  }
  // A node whose place was given away says no more for itself, and what it says later stays out.
  old.write(readingKey("box", "temperature"), readingRecord.encode({ ...READING, value: 20 }), 7);
  left.hear(old, 8);
  assert.equal(left.replica.get(old.self, readingKey("box", "temperature")), undefined);
});
