import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import fc from "fast-check";
import type { NodeId } from "../../src/base/id.ts";
import {
  type Announcement,
  announcementId,
  announcements,
  announcerOf,
  type Told,
} from "../../src/office/announcements.ts";
import { idOf } from "../integration/api-fake-office.ts";

const HOUR_MS = 3_600_000;
const hash = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
const nodes = (count: number) => Array.from({ length: count }, (_, at) => idOf(at + 1));
const HOT: Announcement = { room: "kitchen", text: "Turn the AC on." };
const HOT_ID = announcementId(HOT, hash);

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

/** What all nodes of a mesh would say, each by what it knows. */
function saidBy(living: readonly NodeId[], told: readonly Told[]): readonly NodeId[] {
  return living.filter(
    (self) => announcements({ self, living, advised: [HOT], told }, hash).say.length > 0,
  );
}

test("one of the mesh says it, once; a crash before delays it, a crash after does not double it", () => {
  const living = nodes(5);
  const [announcer, ...others] = saidBy(living, []);
  assert.ok(announcer);
  assert.deepEqual(others, []);
  const told = { id: HOT_ID, by: announcer, ageMs: 60_000 };
  assert.deepEqual(saidBy(living, [told]), []);
  const survivors = living.filter((id) => id !== announcer);
  assert.equal(saidBy(survivors, []).length, 1, "it died before it told");
  assert.deepEqual(saidBy(survivors, [told]), [], "it died after it told");
  assert.equal(saidBy(survivors, [{ ...told, ageMs: 13 * HOUR_MS }]).length, 1, "not for ever");
  assert.deepEqual(saidBy(living, [{ ...told, ageMs: 13 * HOUR_MS }]), [], "it lives and knows");
});

test("what is over is taken back by who said it, so that it can be said again", () => {
  const [self, other] = nodes(2) as [NodeId, NodeId];
  const told = [
    { id: HOT_ID, by: self, ageMs: 1 },
    { id: "other", by: other, ageMs: 1 },
  ];
  const announcing = { self, living: nodes(2), told };
  const after = announcements({ ...announcing, advised: [] }, hash);
  assert.deepEqual(after, { say: [], takeBack: [HOT_ID] });
  const during = announcements({ ...announcing, advised: [HOT] }, hash);
  assert.deepEqual(during.takeBack, []);
});
