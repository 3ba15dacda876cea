import assert from "node:assert/strict";
import test from "node:test";
import { World } from "../../src/sim/world.ts";

const NODES = 32;
const WRITE_MS = 100;
const SETTLE_WRITES = 200;
const WRITES = 150;
/** One way, at least and on average: a tree of ten hops takes more than half a second. */
const LATENCY_MS = [10, 60] as const;

test("a tree whose hops are slow settles all the same: it is not mended while it is whole", () => {
  const world = new World({ seed: 1 });
  world.network.weather = { ...world.network.weather, latencyMs: LATENCY_MS };
  const hosts = world.office(NODES);
  const sent = (type: string) => world.network.byType.get(type) ?? 0;
  const writeAll = (count: number) => {
    for (let at = 0; at < count; at += 1) {
      hosts[(at * 7) % NODES]?.write("reading", `${at}`, "batched");
      world.run(WRITE_MS);
    }
  };
  writeAll(SETTLE_WRITES);
  const [grafts, prunes, gossip] = [sent("graft"), sent("prune"), sent("gossip")];
  writeAll(WRITES);
  const grafted = (sent("graft") - grafts) / WRITES;
  const pruned = (sent("prune") - prunes) / WRITES;
  assert.ok(grafted < 0.5 && pruned < 0.5, `${grafted} grafts and ${pruned} prunes a write`);
  const pushed = (sent("gossip") - gossip) / WRITES;
  assert.ok(pushed < 1.2 * (NODES - 1), `${pushed} pushes a write`);
});
