import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import { type NodeId, nodeIdOfKey } from "../../src/base/id.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { sha256 } from "../../src/maelstrom/names.ts";
import type { Effect } from "../../src/overlay/effects.ts";
import { DEFAULT_PARAMETERS } from "../../src/overlay/parameters.ts";
import { Plumtree } from "../../src/overlay/plumtree.ts";
import type { Dot, Entry } from "../../src/replica/entry.ts";

const idOf = (name: string): NodeId => nodeIdOfKey(sha256(utf8(name)));
const [ONE, OTHER] = [idOf("one"), idOf("other")];
const ENTRY: Entry = {
  origin: idOf("self"),
  key: "room",
  dot: { incarnation: 1, seq: 1 },
  stamp: { wallMs: 0, counter: 0 },
  value: utf8("lab"),
  body: utf8("body"),
  signature: new Uint8Array(64),
};

/** A node that has taken in the first so many writes of the one origin. */
function tree(neighbours: readonly NodeId[], taken = 0): Plumtree {
  const source = { knows: (_: NodeId, { seq }: Dot) => seq <= taken, held: () => undefined };
  const plumtree = new Plumtree(DEFAULT_PARAMETERS, source, new SeededRandom(1));
  for (const peer of neighbours) plumtree.neighborUp(peer, 0);
  return plumtree;
}

test("a pruned link turns lazy while another one is eager", () => {
  const plumtree = tree([ONE, OTHER]);
  assert.deepEqual(plumtree.onPrune(ONE, 0), []);
  assert.deepEqual([[...plumtree.eager], [...plumtree.lazy]], [[OTHER], [ONE]]);
});

test("a prune of the last eager link is answered with a graft, so nobody falls off the tree", () => {
  const plumtree = tree([ONE, OTHER]);
  plumtree.onPrune(ONE, 0);
  const [graft] = plumtree.onPrune(OTHER, 0);
  assert.deepEqual(graft, { type: "send", to: OTHER, message: { type: "graft", wanted: [] } });
  plumtree.spread(ENTRY, 0, undefined, 0);
  const pushed = plumtree.flush().map((effect) => effect.type === "send" && effect.to);
  assert.deepEqual(pushed, [OTHER]);
});

test("a graft makes a lazy link eager again, with nothing asked for too", () => {
  const plumtree = tree([ONE, OTHER]);
  plumtree.onPrune(ONE, 0);
  plumtree.onGraft(ONE, [], 0);
  assert.ok(plumtree.eager.has(ONE) && !plumtree.lazy.has(ONE));
});

test("the neighbours of an eager peer that is gone mend the tree over their lazy links at once", () => {
  const plumtree = tree([ONE, OTHER]);
  plumtree.onPrune(ONE, 0);
  const grafts = plumtree.neighborDown(OTHER, 0);
  assert.deepEqual(grafts, [{ type: "send", to: ONE, message: { type: "graft", wanted: [] } }]);
  assert.ok(plumtree.eager.has(ONE));
  assert.deepEqual(plumtree.neighborDown(OTHER, 0), [], "it was no part of the tree any more");
});

const { ihaveMs, ihaveSettledMs, settleMs } = DEFAULT_PARAMETERS;
const ANNOUNCEMENT = { origin: ENTRY.origin, dot: ENTRY.dot, round: 1 };
const told = (effects: readonly Effect[]) =>
  effects.map((effect) => effect.type === "send" && [effect.to, effect.message.type]);

test("what is new is announced soon while the tree changes, and seldom once it has settled", () => {
  const plumtree = tree([ONE, OTHER]);
  plumtree.onPrune(ONE, 0);
  plumtree.spread(ENTRY, 0, undefined, 0);
  assert.deepEqual(plumtree.wake(ihaveMs - 1), []);
  assert.deepEqual(told(plumtree.wake(ihaveMs)), [[ONE, "ihave"]]);
  const laterMs = settleMs + 1;
  plumtree.spread(ENTRY, 0, undefined, laterMs);
  assert.deepEqual(plumtree.wake(laterMs + ihaveSettledMs / 2), []);
  assert.deepEqual(told(plumtree.wake(laterMs + ihaveSettledMs * 1.5)), [[ONE, "ihave"]]);
  plumtree.spread(ENTRY, 0, undefined, laterMs);
  plumtree.onGraft(OTHER, [], laterMs);
  assert.deepEqual(told(plumtree.wake(laterMs + ihaveMs)), [[ONE, "ihave"]]);
});

test("what a peer announced is not announced back to it, before and after it came", () => {
  const plumtree = tree([ONE, OTHER], 1);
  plumtree.onPrune(ONE, 0);
  plumtree.spread(ENTRY, 0, undefined, 0);
  plumtree.onIhave(ONE, [ANNOUNCEMENT], 10);
  assert.deepEqual(plumtree.wake(ihaveMs), []);
  const later = { ...ENTRY, dot: { incarnation: 1, seq: 2 } };
  plumtree.onIhave(ONE, [{ ...ANNOUNCEMENT, dot: later.dot }], 10);
  plumtree.spread(later, 0, OTHER, 20);
  assert.deepEqual(plumtree.wake(20 + ihaveMs), []);
});

test("a peer that goes on announcing never keeps it from hearing what it lacks", () => {
  const plumtree = tree([ONE, OTHER]);
  plumtree.onPrune(ONE, 0);
  plumtree.spread(ENTRY, 0, undefined, 0);
  for (let seq = 2; seq < 8; seq += 1) {
    const dot = { incarnation: 1, seq };
    plumtree.spread({ ...ENTRY, dot }, 0, OTHER, seq * 10);
    plumtree.onIhave(ONE, [{ ...ANNOUNCEMENT, dot }], seq * 10 + 5);
  }
  const [effect] = plumtree.wake(ihaveMs);
  assert.ok(effect?.type === "send" && effect.message.type === "ihave");
  assert.deepEqual(effect.message.announcements, [ANNOUNCEMENT]);
});

test("a link that brings news among duplicates stays, one that brings none is pruned", () => {
  const { pruneAfter, pruneMs } = DEFAULT_PARAMETERS;
  const plumtree = tree([ONE, OTHER]);
  for (let at = 0; at < 3 * pruneAfter; at += 1) {
    assert.deepEqual(plumtree.duplicate(ONE, at * pruneMs * 2), []);
    plumtree.useful(ONE);
  }
  const effects = Array.from({ length: pruneAfter }, (_, at) =>
    plumtree.duplicate(OTHER, (100 + at) * pruneMs),
  ).flat();
  assert.deepEqual(effects, [{ type: "send", to: OTHER, message: { type: "prune" } }]);
});

test("over a slow tree an announced entry is waited for longer", () => {
  const plumtree = tree([ONE, OTHER]);
  const { graftMs } = DEFAULT_PARAMETERS;
  const lateMs = graftMs * 2;
  plumtree.onIhave(ONE, [ANNOUNCEMENT], 0);
  assert.equal(plumtree.wakeAtMs(), graftMs);
  plumtree.spread(ENTRY, 0, OTHER, lateMs);
  const later = { ...ANNOUNCEMENT, dot: { incarnation: 1, seq: 2 } };
  plumtree.onIhave(ONE, [later], lateMs);
  assert.equal(plumtree.wakeAtMs(), lateMs + 2 * lateMs);
});
