import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import fc from "fast-check";
import type { NodeId } from "../../src/base/id.ts";
import {
  type Advised,
  type Announced,
  announcementId,
  announcements,
  announcerOf,
  type Told,
} from "../../src/office/announcements.ts";
import { idOf } from "../integration/api-fake-office.ts";

const HOUR_MS = 3_600_000;
const EFFECT = "0123456789abcdef0123456789abcdef";
const hash = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
const nodes = (count: number) => Array.from({ length: count }, (_, at) => idOf(at + 1));
const HOT: Advised = { room: "kitchen", kind: "temperature", text: "Hot.", state: "said" };
const COOL: Advised = { ...HOT, state: "over" };
const HOT_ID = announcementId(EFFECT, HOT, hash);

test("who speaks for a room does not hang on the order, and dies alone", () => {
  const counts = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(counts, fc.string(), fc.nat(), (count, room, pick) => {
      const living = nodes(count);
      const chosen = announcerOf(room, living, hash);
      assert.ok(chosen !== undefined && living.includes(chosen));
      assert.equal(announcerOf(room, [...living].reverse(), hash), chosen);
      const dead = living[pick % count];
      const left = living.filter((id) => id !== dead);
      if (dead !== chosen) assert.equal(announcerOf(room, left, hash), chosen);
      else assert.notEqual(announcerOf(room, left, hash), dead);
    }),
  );
  assert.equal(announcerOf("kitchen", [], hash), undefined);
});

test("rooms are shared out", () => {
  const rooms = Array.from({ length: 800 }, (_, at) => `room-${at}`);
  const chosen = rooms.map((room) => announcerOf(room, nodes(8), hash));
  for (const id of nodes(8)) {
    const share = chosen.filter((one) => one === id).length;
    assert.ok(share > 50 && share < 150, `${share} of 800`);
  }
});

interface Half {
  readonly living: readonly NodeId[];
  readonly told: readonly Told[];
  readonly advised?: readonly Advised[];
  readonly able?: readonly NodeId[];
}

function asked(self: NodeId, { living, told, advised = [HOT], able = living }: Half): Announced {
  const sink = { effect: EFFECT, able };
  return announcements({ self, living, sink, advised, told }, hash);
}

/** What all nodes of a mesh would say, each by what it knows. */
function saidBy(half: Half): readonly NodeId[] {
  return half.living.filter((self) => asked(self, half).say.length > 0);
}

const standing = (by: NodeId, episode = 1, ageMs = 60_000): Told => {
  return { id: HOT_ID, by, ageMs, episode, state: "standing" };
};

test("one of the mesh says it, once; a crash before delays it, a crash after does not double it", () => {
  const living = nodes(5);
  const [announcer, ...others] = saidBy({ living, told: [] });
  assert.ok(announcer);
  assert.deepEqual(others, []);
  assert.deepEqual(saidBy({ living, told: [standing(announcer)] }), []);
  const left = living.filter((id) => id !== announcer);
  assert.equal(saidBy({ living: left, told: [] }).length, 1, "it died before it told");
  assert.deepEqual(saidBy({ living: left, told: [standing(announcer)] }), [], "it died after");
  const old = standing(announcer, 1, 13 * HOUR_MS);
  assert.equal(saidBy({ living: left, told: [old] }).length, 1, "not for ever");
  assert.deepEqual(saidBy({ living, told: [old] }), [], "it lives and knows");
  assert.deepEqual(saidBy({ living, told: [], able: left }).length, 1, "who can't leaves it");
  assert.deepEqual(saidBy({ living, told: [], able: [] }), []);
});

test("quiet hours and silence neither say nor end anything", () => {
  const living = nodes(3);
  const told = [standing(living[0] as NodeId)];
  for (const advised of [[], [{ ...HOT, state: "quiet" } as const]]) {
    for (const self of living) {
      assert.deepEqual(asked(self, { living, told, advised }), { say: [], end: [], drop: [] });
      assert.deepEqual(asked(self, { living, told: [], advised }).say, []);
    }
  }
});

test("two rules of the same words are over when both are", () => {
  const living = nodes(1);
  const [self] = living as [NodeId];
  const told = [standing(self)];
  assert.deepEqual(asked(self, { living, told, advised: [COOL, HOT] }).drop, []);
  assert.deepEqual(asked(self, { living, told, advised: [HOT, COOL] }).drop, []);
  assert.deepEqual(asked(self, { living, told, advised: [COOL, COOL] }).drop, [HOT_ID]);
});

/** A mesh in which every node looks, and what it writes reaches all of its half. */
class Mesh {
  told: Told[] = [];
  readonly said: NodeId[] = [];

  look(living: readonly NodeId[], advised: Advised, seen: readonly NodeId[] = living): void {
    for (const self of living) {
      const told = this.told.filter(({ by }) => seen.includes(by));
      const { say, end, drop } = asked(self, { living, told, advised: [advised] });
      const without = (id: string) => this.told.filter((one) => one.by !== self || one.id !== id);
      for (const { id, episode } of say) {
        this.said.push(self);
        this.told = [...without(id), { id, by: self, ageMs: 0, episode, state: "standing" }];
      }
      for (const one of end) {
        this.told = [...without(one.id), { ...one, by: self, ageMs: 0, state: "over" }];
      }
      for (const id of drop) this.told = without(id);
    }
  }
}

test("what ended and came again is said again, also when its first announcer is dead", () => {
  const all = nodes(4);
  const mesh = new Mesh();
  for (let round = 1; round <= 3; round++) {
    mesh.look(all, HOT);
    mesh.look(all, HOT);
    assert.equal(mesh.said.length, round);
    mesh.look(all, COOL);
    mesh.look(all, COOL);
    assert.deepEqual(mesh.told, [], "nothing is left behind");
  }
  mesh.look(all, HOT);
  const left = all.filter((id) => id !== mesh.said.at(-1));
  const seen = all;
  for (let round = 5; round <= 6; round++) {
    mesh.look(left, COOL, seen);
    mesh.look(left, COOL, seen);
    mesh.look(left, HOT, seen);
    mesh.look(left, HOT, seen);
    assert.equal(mesh.said.length, round, "the dead one's word stands in nobody's way");
  }
  mesh.look(all, HOT);
  mesh.look(all, COOL);
  mesh.look(all, COOL);
  mesh.look(all, COOL);
  assert.deepEqual(mesh.told, [], "it is back, and all is tidied up");
  assert.equal(mesh.said.length, 6);
});

test("two halves say it once each, and after the mend nobody again", () => {
  const all = nodes(6);
  const halves = [all.slice(0, 3), all.slice(3)];
  const mesh = new Mesh();
  for (const half of halves) mesh.look(half, HOT);
  for (const half of halves) mesh.look(half, HOT);
  assert.equal(mesh.said.length, 2);
  for (let round = 0; round < 3; round++) mesh.look(all, HOT);
  assert.equal(mesh.said.length, 2);
  for (let round = 0; round < 4; round++) mesh.look(all, COOL);
  assert.deepEqual(mesh.told, []);
});

test("whatever happens, it ends: any mix of looks, cuts and deaths leaves nothing behind", () => {
  const step = fc.record({
    state: fc.constantFrom("said", "over", "quiet"),
    cut: fc.nat({ max: 4 }),
    side: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const all = nodes(4);
      const mesh = new Mesh();
      for (const { state, cut, side } of steps) {
        const half = side ? all.slice(0, cut) : all.slice(cut);
        mesh.look(half, { ...HOT, state } as Advised);
      }
      for (let round = 0; round < 8; round++) mesh.look(all, COOL);
      assert.deepEqual(mesh.told, []);
      const before = mesh.said.length;
      for (let round = 0; round < 4; round++) mesh.look(all, HOT);
      assert.equal(mesh.said.length, before + 1);
    }),
  );
});

test("two effects are two announcements", () => {
  const living = nodes(1);
  const [self] = living as [NodeId];
  const other = announcementId(EFFECT.replace("0", "f"), HOT, hash);
  assert.notEqual(other, HOT_ID);
  assert.equal(asked(self, { living, told: [{ ...standing(self), id: other }] }).say.length, 1);
});
