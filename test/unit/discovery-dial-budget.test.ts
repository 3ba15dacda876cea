import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type Address, type NodeId, nodeIdOfKey } from "../../src/base/id.ts";
import {
  CANDIDATE_MS,
  CANDIDATES_MAX,
  DialBudget,
  PROVED_KEPT,
  TRY_MS_FIRST,
  TRY_MS_LAST,
} from "../../src/link/discovery/dial-budget.ts";
import { ADDRESSES_MAX } from "../../src/overlay/parameters.ts";

function idOf(number: number): NodeId {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, number);
  return nodeIdOfKey(key);
}

const at = (number: number) => `10.0.0.${number}:7946` as Address;
const SECOND_MS = 1_000;

test("an address that only hints tell of: once in 30 s, then ever more seldom", () => {
  const budget = new DialBudget();
  const peer = { id: idOf(1), addresses: [at(1)] };
  const triedMs: number[] = [];
  for (let nowMs = 0; nowMs < 2 * 3_600_000; nowMs += SECOND_MS) {
    assert.deepEqual(budget.admit(peer, nowMs), [at(1)]);
    if (budget.take(peer, nowMs).length > 0) triedMs.push(nowMs);
  }
  const gaps = triedMs.slice(1).map((ms, n) => ms - (triedMs[n] ?? 0));
  assert.deepEqual(gaps.slice(0, 3), [TRY_MS_FIRST, 2 * TRY_MS_FIRST, 4 * TRY_MS_FIRST]);
  assert.equal(Math.max(...gaps), TRY_MS_LAST);
});

test("a new address of a node is tried at once", () => {
  const budget = new DialBudget();
  const id = idOf(1);
  budget.admit({ id, addresses: [at(1)] }, 0);
  assert.deepEqual(budget.take({ id, addresses: [at(1)] }, 0), [at(1)]);
  budget.admit({ id, addresses: [at(2), at(1)] }, 5);
  assert.deepEqual(budget.take({ id, addresses: [at(2), at(1)] }, 5), [at(2)]);
});

test("where a node proved its key it is dialled freely, and no hint pushes that out", () => {
  const budget = new DialBudget();
  const id = idOf(1);
  const peer = { id, addresses: [at(1)] };
  budget.admit(peer, 0);
  budget.take(peer, 0);
  budget.prove(peer);
  for (let n = 0; n < 5; n++) {
    budget.admit(peer, n);
    assert.deepEqual(budget.take(peer, n), [at(1)]);
  }
  const spoofed = Array.from({ length: 20 }, (_, n) => at(n + 100));
  const known = budget.admit({ id, addresses: spoofed }, 10);
  assert.equal(known.length, ADDRESSES_MAX);
  assert.equal(known.at(-1), at(1));
  assert.ok(PROVED_KEPT >= 1);
  assert.deepEqual(budget.take({ id, addresses: known }, 10).length, ADDRESSES_MAX);
  assert.deepEqual(budget.take({ id, addresses: known }, 11), [at(1)]);
});

test("what no hint told of is none of the budget's business", () => {
  const budget = new DialBudget();
  for (let n = 0; n < 5; n++) {
    assert.deepEqual(budget.take({ id: idOf(1), addresses: [at(1)] }, n), [at(1)]);
  }
});

test("no more than so many strangers at once; a mesh of thousands is no stranger", () => {
  const budget = new DialBudget();
  for (let n = 0; n < 1_000; n++) {
    const peer = { id: idOf(n), addresses: [at(n % 250)] };
    budget.prove(peer);
    assert.deepEqual(budget.admit(peer, 0), peer.addresses);
  }
  const admitted = (from: number, nowMs: number) =>
    Array.from({ length: 1_000 }, (_, n) =>
      budget.admit({ id: idOf(10_000 + from + n), addresses: [at(1)] }, nowMs),
    ).filter((addresses) => addresses.length > 0).length;
  assert.equal(admitted(0, 0), CANDIDATES_MAX);
  assert.equal(admitted(1_000, 1), 0);
  assert.equal(admitted(2_000, CANDIDATE_MS), CANDIDATES_MAX, "the silent made room");
});

test("whatever is hinted at, a node's addresses are tried at most eight times in 30 s", () => {
  const step = fc.record({
    afterMs: fc.nat(10 * SECOND_MS),
    addresses: fc.array(fc.nat(40).map(at), { maxLength: 12 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const budget = new DialBudget();
      const id = idOf(1);
      const tries: { nowMs: number; address: Address }[] = [];
      let nowMs = 0;
      for (const { afterMs, addresses } of steps) {
        nowMs += afterMs;
        const known = budget.admit({ id, addresses }, nowMs);
        assert.ok(known.length <= ADDRESSES_MAX);
        for (const address of budget.take({ id, addresses: known }, nowMs)) {
          tries.push({ nowMs, address });
        }
      }
      for (const { nowMs: startMs } of tries) {
        const inSpan = tries.filter(
          (each) => each.nowMs >= startMs && each.nowMs < startMs + TRY_MS_FIRST,
        );
        assert.ok(inSpan.length <= ADDRESSES_MAX, `${inSpan.length} tries`);
        assert.equal(new Set(inSpan.map(({ address }) => address)).size, inSpan.length);
      }
    }),
  );
});
