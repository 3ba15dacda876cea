import assert from "node:assert/strict";
import test from "node:test";
import { toHex } from "../../src/base/bytes.ts";
import { World } from "../../src/sim/world.ts";

/** The design's promise for halves that meet again. */
const HEALED_MS_MAX = 10_000;

/** How long a small office that was cut for a while takes to agree again. */
function healMs(seed: number, cutMs: number): number {
  const world = new World({ seed });
  const hosts = world.office(6);
  const digests = () =>
    new Set(hosts.map(({ process }) => process && toHex(process.replica.digest()))).size;
  assert.ok(world.runUntil(() => digests() === 1, 60_000) !== undefined);
  world.run(30_000);
  const mend = world.cut(hosts.slice(0, 2), hosts.slice(2));
  world.run(cutMs);
  for (const host of hosts) host.write("setting", `by ${host.name}`, "durable");
  mend();
  const tookMs = world.runUntil(() => digests() === 1, 120_000);
  assert.ok(tookMs !== undefined);
  return tookMs;
}

test("halves that were cut so shortly that nobody is taken for silent meet again in time", () => {
  for (let seed = 1; seed <= 12; seed++) {
    // Longer than a link outlives a cut (8 s), shorter than a node takes to be silent (30 s).
    const tookMs = healMs(seed, 11_000 + seed * 1_000);
    assert.ok(tookMs <= HEALED_MS_MAX, `seed ${seed}: equal again after ${tookMs} ms`);
  }
});
