import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { Stamp } from "../../src/base/hlc.ts";
import type { NodeId } from "../../src/base/id.ts";
import {
  type AddWinsSet,
  addElement,
  addWinsSet,
  elementsOf,
  hasElement,
  removeElement,
} from "../../src/crdt/add-wins-set.ts";
import { compareNumbers, compareTexts, type Lattice } from "../../src/crdt/lattice.ts";
import { joinAt, latticeMap } from "../../src/crdt/lattice-map.ts";
import { maxRegister } from "../../src/crdt/max-register.ts";
import {
  CONCURRENT_VALUES_MAX,
  multiValueRegister,
  writeMultiValue,
} from "../../src/crdt/multi-value-register.ts";
import {
  addToCounter,
  counterValue,
  type PnCounter,
  pnCounter,
} from "../../src/crdt/pn-counter.ts";
import {
  type Versioned,
  versionedRegister,
  writeVersioned,
} from "../../src/crdt/versioned-register.ts";

const ORIGINS = ["a", "b", "c"] as NodeId[];
const origin = fc.constantFrom(...ORIGINS);
const stamp: fc.Arbitrary<Stamp> = fc.record(
  { wallMs: fc.nat(3), counter: fc.nat(2) },
  { noNullPrototype: true },
);
const versioned: fc.Arbitrary<Versioned<string>> = fc.record(
  {
    version: fc.integer({ min: 1, max: 3 }),
    stamp,
    origin,
    value: fc.constantFrom("x", "y", "z"),
  },
  { noNullPrototype: true },
);

/** The laws that every lattice keeps, over three of its states. */
function checkLattice<T>(lattice: Lattice<T>, states: fc.Arbitrary<readonly [T, T, T]>): void {
  const { join, equals, empty } = lattice;
  fc.assert(
    fc.property(states, ([a, b, c]) => {
      assert.ok(equals(join(a, join(b, c)), join(join(a, b), c)), "associative");
      assert.ok(equals(join(a, b), join(b, a)), "commutative");
      assert.deepEqual(join(a, b), join(b, a), "commutative to the last value");
      assert.ok(equals(join(a, a), a), "idempotent");
      assert.ok(equals(join(a, empty), a) && equals(join(empty, a), a), "neutral");
      const above = join(a, b);
      assert.ok(equals(join(above, a), above) && equals(join(above, b), above), "inflationary");
    }),
    { numRuns: 300 },
  );
}

function three<T>(one: fc.Arbitrary<T>): fc.Arbitrary<readonly [T, T, T]> {
  return fc.tuple(one, one, one);
}

type Step<O> =
  | { readonly type: "act"; readonly at: number; readonly what: O }
  | { readonly type: "join"; readonly at: number; readonly from: number };

function schedule<O>(what: fc.Arbitrary<O>): fc.Arbitrary<readonly Step<O>[]> {
  const at = fc.nat(ORIGINS.length - 1);
  return fc.array(
    fc.oneof(
      fc.record({ type: fc.constant("act" as const), at, what }),
      fc.record({ type: fc.constant("join" as const), at, from: at }),
    ),
    { maxLength: 30 },
  );
}

/** Runs a schedule on three replicas and gives what each came to, every step kept. */
function run<T, O>(
  lattice: Lattice<T>,
  steps: readonly Step<O>[],
  act: (state: T, origin: NodeId, what: O) => T,
): { readonly ends: readonly T[]; readonly all: readonly T[] } {
  const ends = ORIGINS.map(() => lattice.empty);
  const all = [lattice.empty];
  for (const step of steps) {
    const mine = ends[step.at] as T;
    const next =
      step.type === "act"
        ? act(mine, ORIGINS[step.at] as NodeId, step.what)
        : lattice.join(mine, ends[step.from] as T);
    ends[step.at] = next;
    all.push(next);
  }
  return { ends, all };
}

/** Three states that one history went through. */
function reached<T, O>(
  lattice: Lattice<T>,
  what: fc.Arbitrary<O>,
  act: (state: T, origin: NodeId, what: O) => T,
): fc.Arbitrary<readonly [T, T, T]> {
  return schedule(what).chain((steps) => {
    const { all } = run(lattice, steps, act);
    return three(fc.nat(all.length - 1).map((at) => all[at] as T));
  });
}

type SetStep = { readonly does: "add" | "remove"; readonly element: string };
const setStep: fc.Arbitrary<SetStep> = fc.record({
  does: fc.constantFrom("add", "remove"),
  element: fc.constantFrom("p", "q", "r"),
});

function actOnSet(set: AddWinsSet, by: NodeId, { does, element }: SetStep): AddWinsSet {
  return does === "add" ? addElement(set, by, element) : removeElement(set, element);
}

test("a max register keeps the laws", () => {
  checkLattice(maxRegister(compareNumbers), three(fc.option(fc.integer(), { nil: undefined })));
});

test("a versioned register keeps the laws, whatever an origin says twice", () => {
  const one = fc.option(versioned, { nil: undefined });
  checkLattice(versionedRegister(compareTexts), three(one));
});

test("a multi-value register keeps the laws and its bound", () => {
  const lattice = multiValueRegister<string>(compareTexts);
  const state = fc
    .array(versioned, { maxLength: 24 })
    .map((items) => items.reduce((sum, item) => lattice.join(sum, [item]), lattice.empty));
  checkLattice(lattice, three(state));
  fc.assert(
    fc.property(state, state, (a, b) => lattice.join(a, b).length <= CONCURRENT_VALUES_MAX),
  );
});

test("an add-wins set keeps the laws in every state that a history reaches", () => {
  checkLattice(addWinsSet, reached(addWinsSet, setStep, actOnSet));
});

test("a counter keeps the laws in every state that a history reaches", () => {
  checkLattice(pnCounter, reached(pnCounter, fc.integer({ min: -9, max: 9 }), addToCounter));
});

test("a map of lattices keeps the laws", () => {
  const inner = maxRegister(compareNumbers);
  const state = fc
    .array(fc.tuple(fc.constantFrom("k", "l"), fc.nat(5)), { maxLength: 6 })
    .map((pairs) =>
      pairs.reduce(
        (map, [key, value]) => joinAt(inner, map, key, value),
        latticeMap<string, number | undefined>(inner).empty,
      ),
    );
  checkLattice(latticeMap<string, number | undefined>(inner), three(state));
});

test("a write that had seen another wins, whatever the clocks say", () => {
  const register = versionedRegister<string>(compareTexts);
  const many = multiValueRegister<string>(compareTexts);
  fc.assert(
    fc.property(versioned, origin, stamp, fc.string(), (seen, by, when, value) => {
      const later = writeVersioned(seen, by, when, value);
      assert.equal(register.join(seen, later), later);
      assert.equal(register.join(later, seen), later);
      const laterMany = writeMultiValue([seen], by, when, value);
      assert.ok(many.equals(many.join([seen], laterMany), laterMany));
    }),
  );
});

test("writes that hadn't seen each other all stay in a multi-value register", () => {
  const many = multiValueRegister<string>(compareTexts);
  fc.assert(
    fc.property(stamp, stamp, (one, other) => {
      const left = writeMultiValue<string>([], "a" as NodeId, one, "left");
      const right = writeMultiValue<string>([], "b" as NodeId, other, "right");
      const values = many.join(left, right).map(({ value }) => value);
      assert.deepEqual([...values].sort(), ["left", "right"]);
    }),
  );
});

test("an add that a removal hadn't seen survives it, and one that it had seen doesn't", () => {
  fc.assert(
    fc.property(schedule(setStep), (steps) => {
      const [left, right] = run(addWinsSet, steps, actOnSet).ends;
      assert.ok(left !== undefined && right !== undefined);
      const added = addElement(left, "a" as NodeId, "p");
      const removed = removeElement(right, "p");
      assert.ok(hasElement(addWinsSet.join(added, removed), "p"), "add wins");
      const both = addWinsSet.join(added, removed);
      const gone = addWinsSet.join(both, removeElement(both, "p"));
      assert.ok(!hasElement(gone, "p"), "a removal that saw the add");
      assert.ok(!hasElement(addWinsSet.join(gone, added), "p"), "an old state brings nothing back");
    }),
  );
});

test("a set grows with its elements and origins, never with its history", () => {
  let set = addWinsSet.empty;
  for (let round = 0; round < 1_000; round++) {
    set = removeElement(addElement(set, "a" as NodeId, `e${round}`), `e${round}`);
  }
  assert.equal(set.adds.size, 0);
  assert.equal(set.context.size, 1);
  assert.deepEqual(elementsOf(set), []);
});

test("a counter is exact after any schedule, once all are joined", () => {
  fc.assert(
    fc.property(schedule(fc.integer({ min: -9, max: 9 })), (steps) => {
      let sum = 0;
      for (const step of steps) if (step.type === "act") sum += step.what;
      const { ends } = run<PnCounter, number>(pnCounter, steps, addToCounter);
      assert.equal(counterValue(ends.reduce(pnCounter.join)), sum);
    }),
  );
});
