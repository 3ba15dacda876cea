import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReadingDocument, RoomTargetDocument } from "../../src/api/types.ts";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { until } from "./lan.ts";
import { freePorts, NodeProcess } from "./node-process.ts";
import { failCard, fill, mountCard, mountTmpfs, replaceCard } from "./small-disks.ts";

// A real node whose disk fills up, or turns read-only, beside one that is well. Runs in mounts of
// its own. Says as JSON how long each step took.

const [, , folder = "", trouble = ""] = process.argv;
const START_MS_MAX = 30_000;
const SPREAD_MS_MAX = 20_000;
/** Health has to tell within 10 s; twice that on a loaded machine. */
const TOLD_MS_MAX = 20_000;
/** A node has to recover by itself within 30 s. */
const RECOVERED_MS_MAX = 30_000;

const TARGET = "/v1/targets/lab/temperature";
const OTHER_TARGET = "/v1/targets/lab/humidity";

interface Health {
  readonly status: "ok" | "degraded";
  readonly checks: { readonly store: { readonly status: string; readonly detail: string } };
}

const disk = join(folder, "disk");
const image = join(folder, "card.img");
const filler = join(disk, "filler");

/** How each trouble begins and ends, and what health calls it. */
const TROUBLES = {
  full: {
    mount: () => mountTmpfs(disk, "3m"),
    begin: () => fill(filler),
    end: () => rmSync(filler),
    called: /^takes no writes \(full\): see to the disk/,
  },
  "read-only": {
    mount: () => mountCard(image, disk),
    begin: () => failCard(disk),
    end: () => replaceCard(image, disk),
    called: /^takes no writes \(read-only\): see to the disk/,
  },
};
const { mount, begin, end, called } = TROUBLES[trouble as keyof typeof TROUBLES];

async function makeNodes(): Promise<[NodeProcess, NodeProcess]> {
  const secretFile = join(folder, "mesh.secret");
  writeFileSync(secretFile, generateKeyPem(), { mode: 0o600 });
  const ports = await freePorts(2);
  const sensors = [
    { platform: "push", name: "box" },
    { platform: "push", name: "shelf" },
    {
      platform: "simulated",
      name: "sim",
      kinds: ["temperature"],
      update_interval: "1s",
      temperature: { filters: [{ heartbeat: "1s" }] },
    },
  ];
  const node = (name: string, data: string, at: number) =>
    new NodeProcess({
      name,
      data,
      secretFile,
      meshPort: ports[at] ?? 0,
      peerPorts: ports,
      sensors,
    });
  mkdirSync(join(disk, "data"), { recursive: true });
  return [node("sick", join(disk, "data"), 0), node("well", join(folder, "well"), 1)];
}

async function reading(at: NodeProcess, of: string): Promise<ReadingDocument | undefined> {
  return (await at.get<ReadingDocument[]>("/v1/readings"))?.find(({ sensor }) => sensor === of);
}

const shows = (at: NodeProcess, of: string, value: number) => async () =>
  (await reading(at, of))?.value === value;
const health = (node: NodeProcess) => node.get<Health>("/v1/health");

/** How many commits the node's store has made. */
async function commits(node: NodeProcess): Promise<number> {
  const text = await node.text("/metrics");
  return Number(/^watercooler_store_commits_total (\d+)/m.exec(text)?.[1] ?? 0);
}

/** Killed, it starts on that disk: with what is there, and again in memory. */
async function startsOnIt(sick: NodeProcess, well: NodeProcess): Promise<void> {
  await sick.end("SIGKILL");
  sick.start(`${sick.plan.data}.yaml`);
  await until(
    async () => (await health(sick))?.status === "degraded",
    START_MS_MAX,
    "health telling after a start",
  );
  assert.match((await health(sick))?.checks.store.detail ?? "", called);
  assert.ok(await shows(sick, "sick/shelf", 5)(), "what its disk has");
  assert.equal(await sick.push("box", 2), 507);
  assert.equal(await sick.write("PUT", TARGET, { value: 21 }), 507);
  assert.equal(await well.push("shelf", 6), 202);
  await until(shows(sick, "well/shelf", 6), SPREAD_MS_MAX, "6 at the restarted one");
  const { at } = (await reading(well, "sick/sim")) ?? {};
  await until(
    async () => (await reading(well, "sick/sim"))?.at !== at,
    SPREAD_MS_MAX,
    "the restarted one's own sensor at the other",
  );
}

async function main(): Promise<Record<string, number>> {
  mount();
  const [sick, well] = await makeNodes();
  try {
    sick.start();
    well.start();
    await until(async () => (await health(sick))?.status === "ok", START_MS_MAX, "health");
    assert.equal(await sick.push("box", 1), 202);
    await until(shows(well, "sick/box", 1), START_MS_MAX, "1 at the other");
    // Committed, but the card may not have it yet when the trouble begins.
    const before = await commits(sick);
    assert.equal(await sick.push("shelf", 5), 202);
    await until(async () => (await commits(sick)) > before, START_MS_MAX, "a commit");
    assert.equal(await sick.write("PUT", TARGET, { value: 20 }), 200);

    begin();
    // Perhaps the first write that meets the trouble, perhaps not: it is refused either way.
    assert.equal(await sick.write("PUT", TARGET, { value: 21 }), 507);
    assert.equal(await sick.write("PUT", OTHER_TARGET, { value: 22 }), 507);
    const toldMs = await until(
      async () => (await health(sick))?.status === "degraded",
      TOLD_MS_MAX,
      "health telling",
    );
    assert.match((await health(sick))?.checks.store.detail ?? "", called);
    assert.equal(await sick.status("/v1/health"), 503);
    assert.equal(await sick.push("box", 2), 507, "what can't be kept is refused");
    assert.equal(await sick.write("PUT", TARGET, { value: 23 }), 507);
    // It goes on in memory: hears others, and its own sensors are heard.
    assert.equal(await well.push("box", 3), 202);
    await until(shows(sick, "well/box", 3), SPREAD_MS_MAX, "3 at the sick one");
    const { at } = (await reading(well, "sick/sim")) ?? {};
    await until(
      async () => (await reading(well, "sick/sim"))?.at !== at,
      SPREAD_MS_MAX,
      "the sick one's own sensor at the other",
    );

    await startsOnIt(sick, well);
    const { pid } = sick;
    end();
    const recoveredMs = await until(
      async () => (await health(sick))?.status === "ok",
      RECOVERED_MS_MAX,
      "health being well again",
    );
    assert.equal(await sick.push("box", 4), 202);
    assert.equal(sick.pid, pid);
    assert.ok(sick.isRunning, sick.log);
    for (const node of [sick, well]) {
      const target = await node.get<RoomTargetDocument>(TARGET);
      assert.equal(target?.value, 20, "what was refused was not done");
      assert.equal(await node.status(OTHER_TARGET), 404);
    }
    assert.equal(await sick.write("PUT", TARGET, { value: 23 }), 200);
    assert.match(sick.log, /^error the store takes no writes.*^info {2}the store takes writes/ms);

    // What it knew is on its disk: started alone, it still knows.
    await sick.end("SIGTERM");
    await well.end("SIGTERM");
    sick.start();
    await until(shows(sick, "sick/box", 4), START_MS_MAX, "4 after a restart");
    assert.ok(await shows(sick, "well/box", 3)(), "3 after a restart");
    assert.ok(await shows(sick, "well/shelf", 6)(), "6, taken while nothing was kept");
    assert.ok(await shows(sick, "sick/shelf", 5)(), "5 after a restart");
    assert.equal((await health(sick))?.status, "ok");
    assert.doesNotMatch(sick.log, /damaged/);
    return { toldMs, recoveredMs };
  } finally {
    await Promise.all([sick.end("SIGKILL"), well.end("SIGKILL")]);
  }
}

process.stdout.write(JSON.stringify(await main()));
