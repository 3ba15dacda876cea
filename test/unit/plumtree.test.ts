import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import { type NodeId, nodeIdOfKey } from "../../src/base/id.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { sha256 } from "../../src/maelstrom/names.ts";
import { DEFAULT_PARAMETERS } from "../../src/overlay/parameters.ts";
import { Plumtree } from "../../src/overlay/plumtree.ts";
import type { Entry } from "../../src/replica/entry.ts";

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

function tree(neighbours: readonly NodeId[]): Plumtree {
  const source = { knows: () => false, held: () => undefined };
  const plumtree = new Plumtree(DEFAULT_PARAMETERS, source, new SeededRandom(1));
  for (const peer of neighbours) plumtree.neighborUp(peer);
  return plumtree;
}

test("a pruned link turns lazy while another one is eager", () => {
  const plumtree = tree([ONE, OTHER]);
  assert.deepEqual(plumtree.onPrune(ONE), []);
  assert.deepEqual([[...plumtree.eager], [...plumtree.lazy]], [[OTHER], [ONE]]);
});

test("a prune of the last eager link is answered with a graft, so nobody falls off the tree", () => {
  const plumtree = tree([ONE, OTHER]);
  plumtree.onPrune(ONE);
  const [graft] = plumtree.onPrune(OTHER);
  assert.deepEqual(graft, { type: "send", to: OTHER, message: { type: "graft", wanted: [] } });
  plumtree.spread(ENTRY, 0, undefined, 0);
  const pushed = plumtree.flush().map((effect) => effect.type === "send" && effect.to);
  assert.deepEqual(pushed, [OTHER]);
});

test("a graft makes a lazy link eager again, with nothing asked for too", () => {
  const plumtree = tree([ONE, OTHER]);
  plumtree.onPrune(ONE);
  plumtree.onGraft(ONE, []);
  assert.ok(plumtree.eager.has(ONE) && !plumtree.lazy.has(ONE));
});
