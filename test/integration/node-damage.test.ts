import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { agree, ClonedOffice, cloneAlarm, holdsFor, valueAt } from "./cloned-office.ts";
import { until } from "./lan.ts";
import type { NodeProcess } from "./node-process.ts";

const SPREAD_MS_MAX = 20_000;

/** What a bad card does to a file. */
const DAMAGES = {
  "its middle overwritten": (path: string) => {
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, Math.floor(bytes.length / 3), bytes.length - 100));
  },
  "torn off": (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2)),
};

test("a node with a damaged store moves it aside and has all again from its peers", async (t) => {
  const office = await ClonedOffice.make();
  t.after(() => office.remove());
  const { original, witnesses } = office;
  const three = [original, ...witnesses];
  await office.start(...three);
  assert.equal(await original.push("box", 51), 202);
  assert.equal(await original.push("shelf", 52), 202);
  const holds = async (node: NodeProcess) =>
    (await valueAt(node, "box")) === 51 && (await valueAt(node, "shelf")) === 52;
  await until(() => holdsFor(three, holds), SPREAD_MS_MAX, "51 and 52");

  const path = join(original.plan.data, "state.db");
  for (const [at, [what, damage]] of Object.entries(DAMAGES).entries()) {
    await original.end("SIGTERM");
    damage(path);
    await office.start(original);
    assert.match(original.log, /^error the store was damaged.*peers have the data/m, what);
    assert.ok(existsSync(`${path}.corrupt-${at + 1}`), what);
    await until(
      async () => (await holdsFor(three, holds)) && agree(three),
      SPREAD_MS_MAX,
      `51 and 52 after a store with ${what}`,
    );
    assert.equal(await original.status("/v1/health"), 200);
    const alarms = await Promise.all(three.map(cloneAlarm));
    assert.deepEqual(alarms.filter(Boolean), [], "and no clone is seen in it");
  }
});
