import assert from "node:assert/strict";
import test from "node:test";
import { toHex } from "../../src/base/bytes.ts";
import { DEFAULT_PARAMETERS } from "../../src/overlay/parameters.ts";
import type { SimNode } from "../../src/sim/sim-node.ts";
import { World } from "../../src/sim/world.ts";

const SEEDS = Number(process.env.SEEDS ?? 5);
const FIRST_SEED = Number(process.env.SEED ?? 1);

function world(seed: number, faults: { loss?: number; duplication?: number } = {}): World {
  return new World({
    seed,
    parameters: DEFAULT_PARAMETERS,
    latencyMs: [1, 20],
    loss: faults.loss ?? 0,
    duplication: faults.duplication ?? 0,
  });
}

function forSeeds(name: string, run: (seed: number) => void): void {
  test(name, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      try {
        run(seed);
      } catch (error) {
        console.error(`replay: SEED=${seed} SEEDS=1 npm test -- sim/overlay`);
        throw error;
      }
    }
  });
}

function office(w: World, count: number): SimNode[] {
  const nodes = Array.from({ length: count }, (_, at) => w.add(`pi-${at}`));
  for (const node of nodes) node.hint(nodes);
  return nodes;
}

const digests = (nodes: readonly SimNode[]) =>
  new Set(nodes.map(({ replica }) => toHex(replica.digest())));
const agree = (nodes: readonly SimNode[]) => digests(nodes).size === 1;

function symmetric(nodes: readonly SimNode[]): boolean {
  const alive = new Map(nodes.map((node) => [node.id, node]));
  return nodes.every((node) =>
    [...node.overlay.membership.views.active.keys()].every((id) =>
      alive.get(id)?.overlay.membership.views.active.has(node.id),
    ),
  );
}

function connected(nodes: readonly SimNode[]): boolean {
  const alive = new Map(nodes.map((node) => [node.id, node]));
  const first = nodes[0];
  if (first === undefined) return true;
  const seen = new Set([first.id]);
  const edge = [first];
  for (let node = edge.pop(); node !== undefined; node = edge.pop()) {
    for (const id of node.overlay.membership.views.active.keys()) {
      const next = alive.get(id);
      if (next === undefined || seen.has(id)) continue;
      seen.add(id);
      edge.push(next);
    }
  }
  return seen.size === nodes.length;
}

function whole(nodes: readonly SimNode[]): boolean {
  return connected(nodes) && symmetric(nodes) && agree(nodes);
}

forSeeds("8 nodes that hear of each other are one mesh within 15 s", (seed) => {
  const w = world(seed);
  const nodes = office(w, 8);
  const tookMs = w.runUntil(() => whole(nodes) && nodes[0]?.replica.size() !== undefined, 15_000);
  assert.notEqual(tookMs, undefined);
  assert.equal([...(nodes[0]?.replica.origins() ?? [])].length, 8);
});

forSeeds("40 joins at once through one contact make one component", (seed) => {
  const w = world(seed);
  const nodes = Array.from({ length: 40 }, (_, at) => w.add(`pi-${at}`));
  for (const node of nodes) node.hint(nodes.slice(0, 1));
  assert.notEqual(
    w.runUntil(() => whole(nodes), 60_000),
    undefined,
  );
});

forSeeds("a write reaches everybody well under a second", (seed) => {
  const w = world(seed);
  const nodes = office(w, 32);
  w.runUntil(() => whole(nodes), 30_000);
  const writer = nodes[seed % nodes.length] as SimNode;
  writer.write("reading/box/temperature", "21.5");
  const all = () =>
    nodes.every((node) => node.text(writer.id, "reading/box/temperature") === "21.5");
  assert.notEqual(w.runUntil(all, 600, 10), undefined);
});

forSeeds("half die at once: the rest are connected and agree within 10 s", (seed) => {
  const w = world(seed);
  const nodes = office(w, 16);
  w.runUntil(() => whole(nodes), 30_000);
  for (const node of nodes.slice(0, 8)) w.crash(node);
  const rest = nodes.slice(8);
  rest[0]?.write("k", "after");
  assert.notEqual(
    w.runUntil(() => whole(rest), 10_000),
    undefined,
  );
  for (const node of nodes.slice(0, 8)) {
    node.start();
    node.hint(nodes);
  }
  assert.notEqual(
    w.runUntil(() => whole(nodes), 20_000),
    undefined,
  );
});

forSeeds("two halves cut for a minute agree within 20 s of the mend", (seed) => {
  const w = world(seed);
  const nodes = office(w, 8);
  w.runUntil(() => whole(nodes), 30_000);
  const [left, right] = [nodes.slice(0, 4), nodes.slice(4)];
  w.cut(left, right);
  w.run(20_000);
  for (const node of nodes) node.write("k", `${node.name} while cut`);
  w.run(40_000);
  assert.notEqual(
    w.runUntil(() => agree(left) && agree(right), 5_000),
    undefined,
  );
  assert.ok(!agree(nodes));
  w.mend();
  assert.notEqual(
    w.runUntil(() => whole(nodes), 20_000),
    undefined,
  );
});

forSeeds("30 nodes in two cut halves with full views meet again", (seed) => {
  const w = world(seed);
  const nodes = office(w, 30);
  w.runUntil(() => whole(nodes), 30_000);
  w.cut(nodes.slice(0, 15), nodes.slice(15));
  w.run(120_000);
  w.mend();
  assert.notEqual(
    w.runUntil(() => whole(nodes), 20_000),
    undefined,
  );
});

forSeeds("lost and doubled frames: views are symmetric and states equal in the end", (seed) => {
  const w = world(seed, { loss: 0.1, duplication: 0.1 });
  const nodes = office(w, 12);
  w.run(20_000);
  for (const node of nodes) node.write("k", "v");
  assert.notEqual(
    w.runUntil(() => whole(nodes), 90_000),
    undefined,
  );
});

forSeeds("a restored backup loses nothing that was written after it was made", (seed) => {
  const w = world(seed);
  const nodes = office(w, 5);
  const [first] = nodes as [SimNode];
  w.runUntil(() => whole(nodes), 30_000);
  first.write("target", "before", "durable");
  const backup = first.disk;
  w.crash(first);
  first.start();
  first.hint(nodes);
  w.runUntil(() => whole(nodes), 20_000);
  first.write("target", "after", "durable");
  first.write("other", "after", "durable");
  w.runUntil(() => whole(nodes), 20_000);
  w.crash(first);
  first.disk = backup;
  first.start();
  first.hint(nodes);
  const back = () =>
    nodes.every(
      (n) => n.text(first.id, "target") === "after" && n.text(first.id, "other") === "after",
    );
  assert.notEqual(
    w.runUntil(() => whole(nodes) && back(), 30_000),
    undefined,
  );
});

forSeeds("keys taken back leave nothing behind", (seed) => {
  const w = world(seed);
  const nodes = office(w, 4);
  const [first] = nodes as [SimNode];
  for (let round = 0; round < 10; round++) {
    for (let at = 0; at < 100; at++) first.write(`device/${round}-${at}`, "seen");
    w.run(1_000);
    for (let at = 0; at < 100; at++) first.write(`device/${round}-${at}`, undefined);
    w.run(1_000);
  }
  assert.notEqual(
    w.runUntil(() => whole(nodes), 30_000),
    undefined,
  );
  for (const node of nodes) assert.ok(node.replica.size() < 250, `${node.replica.size()} entries`);
});

forSeeds("one seed, one history", (seed) => {
  const run = () => {
    const w = world(seed, { loss: 0.05 });
    const nodes = office(w, 10);
    w.run(15_000);
    return `${w.messages} ${[...digests(nodes)].join()}`;
  };
  assert.equal(run(), run());
});
