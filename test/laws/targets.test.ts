import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { nextTarget, targetKey, targetView, targetViews } from "../../src/office/targets.ts";
import { meet, Site } from "../unit/office-site.ts";

const TWELVE_YEARS_MS = 12 * 365 * 86_400_000;
const three = () => [new Site(1, "a"), new Site(2, "b"), new Site(3, "c", TWELVE_YEARS_MS)];

function set(site: Site, value: number | undefined, nowMs: number): void {
  const { replica } = site;
  const bytes = nextTarget(replica, "lab", "temperature", replica.tick(site.wall(nowMs)), value);
  site.write(targetKey("lab", "temperature"), bytes, nowMs);
}

const view = (site: Site | undefined) => site && targetView(site.replica, "lab", "temperature");
const shown = (site: Site | undefined) => {
  const target = view(site);
  return target && [target.value, target.by, target.concurrent.map(({ value }) => value)];
};

const step = fc.oneof(
  fc.record({
    at: fc.nat(2),
    value: fc.option(fc.integer({ min: 10, max: 30 }), { nil: undefined }),
  }),
  fc.record({ from: fc.nat(2), to: fc.nat(2) }),
);

test("whatever was set where and heard when, all agree, and the next write stands alone", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 24 }), fc.nat(2), (steps, last) => {
      const sites = three();
      const at = (place: number) => sites[place] as Site;
      let nowMs = 0;
      for (const one of steps) {
        nowMs += 10;
        if ("from" in one) at(one.to).hear(at(one.from), nowMs);
        else set(at(one.at), one.value, nowMs);
      }
      meet(sites, nowMs);
      assert.deepEqual(shown(sites[1]), shown(sites[0]));
      assert.deepEqual(shown(sites[2]), shown(sites[0]));
      set(at(last), 21, nowMs + 10);
      meet(sites, nowMs + 10);
      for (const site of sites) assert.deepEqual(shown(site), [21, at(last).name, []]);
    }),
    { numRuns: 200 },
  );
});

test("a clock twelve years ahead wins over no later write", () => {
  const [a, , ahead] = three() as [Site, Site, Site];
  set(ahead, 30, 0);
  meet([a, ahead], 1);
  set(a, 20, 2);
  meet([a, ahead], 3);
  assert.deepEqual(shown(ahead), [20, "a", []]);
  assert.ok(a.replica.clock.now.wallMs < a.wall(0) + TWELVE_YEARS_MS / 2, "it pulled a's clock");
});

test("what each half of a cut set last is shown, however often each one did", () => {
  const [a, b] = three() as [Site, Site, Site];
  set(a, 18, 0);
  meet([a, b], 1);
  for (const value of [19, 20, 21]) set(a, value, 2);
  set(b, 25, 3);
  meet([a, b], 4);
  assert.deepEqual(shown(a), [21, "a", [25]]);
  assert.deepEqual(shown(b), shown(a));
});

test("a value wins over a clearing at the same time, which is told", () => {
  const [a, b] = three() as [Site, Site, Site];
  set(a, 18, 0);
  meet([a, b], 1);
  set(a, 19, 2);
  set(b, undefined, 5);
  meet([a, b], 6);
  assert.deepEqual(shown(b), [19, "a", [undefined]]);
  set(b, undefined, 7);
  meet([a, b], 8);
  assert.equal(view(a), undefined);
  assert.deepEqual(targetViews(a.replica), []);
});

test("what a node replaced stays replaced, also when a kill took what it replaced from it", () => {
  const [a, b] = three() as [Site, Site, Site];
  set(b, 20, 0);
  meet([a, b], 1);
  set(a, 21, 2);
  // All that is on a's card: its own write, not the one of b that it had seen.
  const card = new Site(9, "card");
  for (const { entry } of a.replica.state(a.self)?.rows.values() ?? []) {
    card.replica.join(entry, 3, card.wall(3));
  }
  assert.deepEqual(shown(card), [21, "a", []]);
  const tick = card.replica.tick(card.wall(4));
  const cleared = nextTarget(card.replica, "lab", "temperature", tick, undefined);
  a.write(targetKey("lab", "temperature"), cleared, 4);
  meet([a, b], 5);
  assert.equal(view(a), undefined);
  assert.equal(view(b), undefined);
});
