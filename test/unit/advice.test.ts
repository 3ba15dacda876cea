import assert from "node:assert/strict";
import test from "node:test";
import { MINUTE_MS } from "../../src/base/time.ts";
import { AdviceBook } from "../../src/office/advice.ts";
import type { RoomView, TargetView } from "../../src/office/views.ts";
import type { AdviceRule } from "../../src/reading/advice-rule.ts";
import { reading } from "../integration/api-fake-office.ts";

const NOON_MINUTE = 12 * 60;
const RULE: AdviceRule = {
  kind: "temperature",
  above: 24,
  forMs: 0,
  hysteresis: 0,
  say: "You might want to turn the AC on.",
};

function rooms(
  value: number,
  over: { ageMs?: number; stale?: boolean } = {},
  targets: readonly TargetView[] = [],
): RoomView[] {
  return ["kitchen", "lab"].map((room) => ({
    room,
    readings: [reading({ kind: "temperature", room, value, ageMs: 0, ...over })],
    targets: targets.filter((one) => one.room === room),
    motion: undefined,
    count: undefined,
  }));
}

/** What is said of the kitchen after each value, a minute apart. */
function said(rule: Partial<AdviceRule>, values: readonly number[]): readonly number[] {
  const book = new AdviceBook([{ ...RULE, ...rule }]);
  return values.map((value, at) => {
    book.update(rooms(value), at * MINUTE_MS);
    return book.of("kitchen", NOON_MINUTE).length;
  });
}

test("said above the bound, below it, and between neither", () => {
  assert.deepEqual(said({}, [23, 24, 24.1, 24]), [0, 0, 1, 0]);
  const { above: _, ...cold } = RULE;
  const book = new AdviceBook([{ ...cold, below: 18 }]);
  book.update(rooms(17.9), 0);
  assert.deepEqual(book.of("kitchen", NOON_MINUTE), [RULE.say]);
  assert.deepEqual(said({ below: 18 }, [17, 20, 25]), [1, 0, 1]);
});

test("said only once it has held for so long, without a break", () => {
  const rule = { forMs: 2 * MINUTE_MS };
  assert.deepEqual(said(rule, [25, 25, 25, 25]), [0, 0, 1, 1]);
  assert.deepEqual(said(rule, [25, 25, 23, 25, 25, 25]), [0, 0, 0, 0, 0, 1]);
});

test("a value of some age has held for that long", () => {
  const book = new AdviceBook([{ ...RULE, forMs: 2 * MINUTE_MS }]);
  book.update(rooms(25, { ageMs: 3 * MINUTE_MS }), 10 * MINUTE_MS);
  assert.equal(book.of("kitchen", NOON_MINUTE).length, 1);
});

test("taken back only when the value came back by the hysteresis", () => {
  const values = [24.1, 23.9, 23.6, 23.5, 23.9, 24.1];
  assert.deepEqual(said({ hysteresis: 0.5 }, values), [1, 1, 1, 0, 0, 1]);
  assert.deepEqual(said({ hysteresis: 0 }, values), [1, 0, 0, 0, 0, 1]);
});

test("a rule of one room speaks of that room; a stale value advises nothing", () => {
  const book = new AdviceBook([{ ...RULE, room: "lab" }, RULE]);
  book.update(rooms(25), 0);
  assert.deepEqual(book.of("kitchen", NOON_MINUTE), [RULE.say]);
  assert.deepEqual(book.of("lab", NOON_MINUTE), [RULE.say], "the same words are said once");
  book.update(rooms(25, { stale: true }), 1);
  assert.deepEqual(book.of("lab", NOON_MINUTE), []);
  book.update([], 2);
  assert.deepEqual(book.of("kitchen", NOON_MINUTE), []);
});

test("nothing is said in quiet hours, over midnight too", () => {
  const night = new AdviceBook([{ ...RULE, quiet: { fromMinute: 22 * 60, toMinute: 7 * 60 } }]);
  const lunch = new AdviceBook([{ ...RULE, quiet: { fromMinute: 720, toMinute: 780 } }]);
  for (const book of [night, lunch]) book.update(rooms(25), 0);
  const loud = (book: AdviceBook, minute: number) => book.of("kitchen", minute).length === 1;
  assert.deepEqual(
    [21 * 60 + 59, 22 * 60, 0, 7 * 60 - 1, 7 * 60].map((minute) => loud(night, minute)),
    [true, false, false, false, true],
  );
  assert.deepEqual(
    [719, 720, 779, 780].map((minute) => loud(lunch, minute)),
    [true, false, false, true],
  );
});

const wanted = (value: number): readonly TargetView[] => [
  {
    ...{ room: "kitchen", kind: "temperature", value, unit: "degC", by: "pi" },
    ...{ atWallMs: 0, concurrent: [] },
  },
];

test("compared to what people want: with hysteresis, a span, and silence without a target", () => {
  const { above: _, ...plain } = RULE;
  const rule = { ...plain, aboveTarget: 1.5, belowTarget: 2, hysteresis: 0.5 };
  const book = new AdviceBook([rule]);
  const say = (value: number, target: number | undefined, minute: number) => {
    book.update(rooms(value, {}, target === undefined ? [] : wanted(target)), minute * MINUTE_MS);
    return [book.of("kitchen", NOON_MINUTE).length, book.of("lab", NOON_MINUTE).length];
  };
  const steps: readonly (readonly [number, number | undefined, number])[] = [
    [40, undefined, 0],
    [22.5, 21, 0],
    [22.6, 21, 1],
    [22.1, 21, 1],
    [22, 21, 0],
    [22, 20, 1],
    [22, undefined, 0],
    [18, 20, 0],
    [17.9, 20, 1],
    [18.4, 20, 1],
    [18.5, 20, 0],
  ];
  for (const [at, [value, target, said]] of steps.entries()) {
    assert.deepEqual(say(value, target, at), [said, 0], `${value} of ${target}`);
  }
});

test("a target that was set just now makes no old value long overdue", () => {
  const { above: _, ...plain } = RULE;
  const book = new AdviceBook([{ ...plain, aboveTarget: 1, forMs: 2 * MINUTE_MS }]);
  const old = { ageMs: 10 * MINUTE_MS };
  const said = (minute: number) => {
    book.update(rooms(25, old, wanted(20)), minute * MINUTE_MS);
    return book.of("kitchen", NOON_MINUTE).length;
  };
  assert.deepEqual([0, 1, 2].map(said), [0, 0, 1]);
});

test("a fixed bound and a target's hold side by side", () => {
  const book = new AdviceBook([{ ...RULE, aboveTarget: 5 }]);
  book.update(rooms(25, {}, wanted(23)), 0);
  assert.equal(book.of("kitchen", NOON_MINUTE).length, 1, "over 24");
  book.update(rooms(23, {}, wanted(17)), 1);
  assert.equal(book.of("kitchen", NOON_MINUTE).length, 1, "six over what is wanted");
});
