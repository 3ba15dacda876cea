import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { NodeId } from "../../src/base/id.ts";
import { pnCounter } from "../../src/crdt/pn-counter.ts";
import { dueReset, type ResetQuestion } from "../../src/office/door-reset.ts";
import {
  type DoorFold,
  doorFolds,
  encodeReset,
  passagesKey,
  passagesRecord,
  resetKey,
} from "../../src/office/doors.ts";
import { likelihoodOf, occupancies } from "../../src/office/occupancy.ts";
import { aged } from "../../src/office/records.ts";
import { meet, Site } from "../unit/office-site.ts";

const ROOM = "hall";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HALF_LIFE_MS = 5 * MINUTE_MS;

/** A site with a door. */
class DoorSite extends Site {
  private ins = 0;
  private outs = 0;

  walk(ins: number, outs: number, nowMs: number): void {
    this.ins += ins;
    this.outs += outs;
    const value = { ins: this.ins, outs: this.outs, run: "run", quietMs: 0 };
    this.write(passagesKey(ROOM, "door"), passagesRecord.encode(value), nowMs);
  }

  reset(nowMs: number): void {
    const fold = this.fold(nowMs);
    if (fold === undefined) return;
    const from = pnCounter.join(fold.from, fold.passed);
    this.write(resetKey(ROOM), encodeReset(from), nowMs);
  }

  fold(nowMs: number): DoorFold | undefined {
    return doorFolds(this.replica, nowMs).get(ROOM);
  }

  shown(nowMs: number): number | undefined {
    const options = { halfLifeMs: HALF_LIFE_MS, nowMs };
    return occupancies(this.replica, this.self, [], options).get(ROOM)?.count;
  }
}

const three = () => [new DoorSite(1, "a"), new DoorSite(2, "b"), new DoorSite(3, "c")] as const;

const walk = fc.record({ at: fc.nat(2), ins: fc.nat(3), outs: fc.nat(3) });
const hear = fc.record({ from: fc.nat(2), to: fc.nat(2) });
const reset = fc.record({ resetAt: fc.nat(2) });

test("all agree whatever was heard when, nobody is lost, and none is shown below nobody", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(walk, walk, hear), { maxLength: 30 }), (steps) => {
      const sites = three();
      let nowMs = 0;
      let net = 0;
      for (const step of steps) {
        nowMs += 10;
        if ("from" in step) sites[step.to]?.hear(sites[step.from] as DoorSite, nowMs);
        else {
          sites[step.at]?.walk(step.ins, step.outs, nowMs);
          net += step.ins - step.outs;
        }
        for (const site of sites) assert.ok((site.shown(nowMs) ?? 0) >= 0);
      }
      meet(sites, nowMs);
      for (const site of sites) assert.equal(site.fold(nowMs)?.net ?? 0, net);
    }),
    { numRuns: 200 },
  );
});

test("a reset takes back what its writer had seen and nothing else, in any order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(walk, hear, reset), { maxLength: 20 }),
      fc.array(walk, { maxLength: 5 }),
      (steps, later) => {
        const sites = three();
        for (const site of sites) site.walk(0, 0, 0);
        meet(sites, 0);
        let nowMs = 0;
        for (const step of steps) {
          nowMs += 10;
          if ("resetAt" in step) sites[step.resetAt]?.reset(nowMs);
          else if ("from" in step) sites[step.to]?.hear(sites[step.from] as DoorSite, nowMs);
          else sites[step.at]?.walk(step.ins, step.outs, nowMs);
        }
        meet(sites, nowMs);
        const [first, ...others] = sites;
        for (const other of others) assert.equal(other.fold(nowMs)?.net, first.fold(nowMs)?.net);
        // One takes all back; what the others count at that moment is all that is left.
        first.reset(nowMs + 1);
        let net = 0;
        for (const { at, ins, outs } of later) {
          sites[at]?.walk(ins, outs, nowMs + 1);
          net += ins - outs;
        }
        meet(sites, nowMs + 2);
        for (const site of sites) assert.equal(site.fold(nowMs + 2)?.net, net);
      },
    ),
    { numRuns: 200 },
  );
});

test("nobody who has no door there takes a count back, nor anybody beyond what was counted", () => {
  const [a, b] = three();
  a.walk(3, 0, 0);
  b.hear(a, 1);
  b.reset(2);
  a.hear(b, 3);
  assert.equal(a.fold(3)?.net, 3, "b counts nobody there");
  a.write(resetKey(ROOM), encodeReset(new Map([[a.self, { plus: 99, minus: 99 }]])), 4);
  assert.equal(a.fold(5)?.net, 0);
  a.walk(96, 1, 6);
  assert.equal(a.fold(7)?.net, 0, "counted from 99 on");
  a.walk(1, 0, 8);
  assert.equal(a.fold(8)?.net, 1);
});

test("motion fades by half with each half-life, and counts that nothing confirms fade slower", () => {
  const ages = fc.nat(10 * HOUR_MS);
  const count = fc.option(fc.nat(9), { nil: undefined });
  fc.assert(
    fc.property(ages, ages, count, (movedMs, passedMs, counted) => {
      const at = (moved: number, passed: number) =>
        likelihoodOf({ movedMs: moved, passedMs: passed, count: counted }, HALF_LIFE_MS);
      const now = at(movedMs, passedMs);
      assert.ok(now >= 0 && now <= 1);
      assert.ok(at(movedMs + MINUTE_MS, passedMs + MINUTE_MS) <= now, "it only falls");
    }),
  );
  const moved = (movedMs: number | undefined, count?: number, passedMs = Infinity) =>
    likelihoodOf({ movedMs, count, passedMs }, HALF_LIFE_MS);
  assert.equal(moved(0), 1);
  assert.equal(moved(HALF_LIFE_MS), 0.5);
  assert.equal(moved(undefined), 0);
  assert.ok(moved(undefined, 2, HOUR_MS) > 0.8, "two sit still");
  assert.ok(moved(9 * HOUR_MS, 2, 9 * HOUR_MS) < 0.3, "likely somebody was missed going out");
  assert.equal(moved(10_000, 0, 5_000), 0, "the motion of who just left");
  assert.equal(moved(0, 0, 10 * MINUTE_MS), 1, "somebody whom the door missed");
});

test("when a count begins anew", () => {
  const [a, b] = [new DoorSite(1, "a"), new DoorSite(2, "b")];
  a.walk(2, 0, 0);
  b.walk(0, 0, 0);
  meet([a, b], 0);
  const [first, second] = [a, b].sort((left, right) => (left.self < right.self ? -1 : 1));
  const none: ReadonlySet<NodeId> = new Set();
  const due = (nowMs: number, over: Partial<ResetQuestion> = {}, site = first) => {
    const fold = site?.fold(nowMs);
    assert.ok(fold && site);
    const question = { self: site.self, fold, said: pnCounter.empty, silent: none, lost: none };
    const clock = { movedMs: undefined, sinceResetHourMs: undefined };
    return dueReset({ ...question, ...clock, ...over });
  };
  const night = { sinceResetHourMs: MINUTE_MS };
  assert.equal(due(5 * HOUR_MS), undefined, "by day a room may be still for long");
  assert.notEqual(due(6 * HOUR_MS), undefined, "deserted, whatever the clocks say");
  assert.equal(due(6 * HOUR_MS, { movedMs: HOUR_MS }), undefined, "somebody moved");
  assert.equal(due(29 * MINUTE_MS, night), undefined);
  assert.notEqual(due(30 * MINUTE_MS, night), undefined, "still, in the small hours");
  assert.equal(due(HOUR_MS, { sinceResetHourMs: 4 * HOUR_MS }), undefined, "the night is over");
  assert.equal(due(HOUR_MS, night, second), undefined, "one of them is enough");
  const firstGone = new Set(first === undefined ? [] : [first.self]);
  assert.notEqual(
    due(HOUR_MS, { ...night, silent: firstGone, lost: firstGone }, second),
    undefined,
  );
  const from = due(HOUR_MS, night) ?? pnCounter.empty;
  first?.write(resetKey(ROOM), encodeReset(from), HOUR_MS);
  meet([a, b], HOUR_MS);
  assert.equal(due(2 * HOUR_MS, { ...night, said: from }), undefined, "once");
  assert.deepEqual(due(2 * HOUR_MS, night, second), from, "the others repeat it");

  a.walk(0, 1, 3 * HOUR_MS);
  meet([a, b], 3 * HOUR_MS);
  const said = { said: from };
  assert.equal(due(3 * HOUR_MS + MINUTE_MS, said), undefined, "an entry may still be on its way");
  assert.notEqual(due(3 * HOUR_MS + 2 * MINUTE_MS, said), undefined, "somebody was missed");
  const gone = {
    silent: new Set([second?.self as NodeId]),
    lost: new Set([second?.self as NodeId]),
  };
  assert.equal(
    due(3 * HOUR_MS + 2 * MINUTE_MS, { ...said, ...gone }),
    undefined,
    "or is not heard",
  );
});

test("passages that are said again keep their age", () => {
  const key = passagesKey(ROOM, "door");
  const value = passagesRecord.encode({ ins: 3, outs: 1, run: "run", quietMs: 5 });
  const again = passagesRecord.decode(aged(key, value, HOUR_MS));
  assert.ok(again.ok);
  assert.deepEqual(again.value, { ins: 3, outs: 1, run: "run", quietMs: HOUR_MS + 5 });
});
