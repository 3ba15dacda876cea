import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  nextPicture,
  nextPlace,
  PICTURE_BYTES_MAX,
  type PlanPlace,
  placeKey,
  planPicture,
  planPlaces,
} from "../../src/office/plan.ts";
import { meet, Site } from "../unit/office-site.ts";

const TWELVE_YEARS_MS = 12 * 365 * 86_400_000;
const three = () =>
  [new Site(1, "a"), new Site(2, "b"), new Site(3, "c", TWELVE_YEARS_MS)] as const;

function place(site: Site, room: string, at: PlanPlace | undefined, nowMs: number): void {
  const { replica } = site;
  const bytes = nextPlace(replica, room, replica.tick(site.wall(nowMs)), at);
  site.write(placeKey(room), bytes, nowMs);
}

function draw(site: Site, bytes: Uint8Array, nowMs: number): void {
  const { replica } = site;
  const stamp = replica.tick(site.wall(nowMs));
  for (const [key, value] of nextPicture(replica, stamp, { type: "image/png", bytes })) {
    site.write(key, value, nowMs);
  }
}

const at = (grain: number): PlanPlace => ({ x: grain / 100, y: 1 - grain / 100 });

const step = fc.oneof(
  fc.record({
    at: fc.nat(2),
    room: fc.constantFrom("lab", "hall"),
    grain: fc.option(fc.nat(100), { nil: undefined }),
  }),
  fc.record({ from: fc.nat(2), to: fc.nat(2) }),
);

test("whoever placed rooms and heard of it when, all see one plan, and the next write holds", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.nat(2), (steps, last) => {
      const sites = three();
      let nowMs = 0;
      for (const one of steps) {
        nowMs += 10;
        if ("from" in one) sites[one.to]?.hear(sites[one.from] ?? sites[0], nowMs);
        else {
          const site = sites[one.at] ?? sites[0];
          place(site, one.room, one.grain === undefined ? undefined : at(one.grain), nowMs);
        }
      }
      meet([...sites], nowMs);
      const [first, ...others] = sites.map(({ replica }) => planPlaces(replica));
      for (const other of others) assert.deepEqual(other, first);
      place(sites[last] ?? sites[0], "lab", at(50), nowMs + 10);
      meet([...sites], nowMs + 10);
      for (const { replica } of sites) assert.deepEqual(planPlaces(replica).get("lab"), at(50));
    }),
    { numRuns: 100 },
  );
});

test("a picture arrives whole or not at all, and a later one replaces it on every node", () => {
  const [a, b, ahead] = three();
  const large = Uint8Array.from({ length: PICTURE_BYTES_MAX }, (_, byte) => byte % 251);
  draw(ahead, large, 1);
  assert.deepEqual(planPicture(ahead.replica)?.bytes, large);
  meet([a, b, ahead], 2);
  assert.deepEqual(planPicture(a.replica), { type: "image/png", bytes: large });
  draw(b, large.subarray(0, 10), 3);
  meet([a, b, ahead], 4);
  for (const { replica } of [a, b, ahead]) assert.equal(planPicture(replica)?.bytes.length, 10);
  // Of the next one a part is missing: nothing is shown in its place.
  const { replica } = a;
  const parts = nextPicture(replica, replica.tick(a.wall(5)), { type: "image/png", bytes: large });
  for (const [key, value] of parts.slice(1)) a.write(key, value, 5);
  assert.equal(planPicture(replica), undefined);
});
