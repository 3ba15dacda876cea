import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { PendingDocument, ReplacementDocument } from "../../src/api/membership-types.ts";
import type {
  HistoryDocument,
  NodeDocument,
  ReadingDocument,
  SelfDocument,
  TargetDocument,
} from "../../src/api/types.ts";
import { assertFailed, run } from "./cli-harness.ts";
import { cli, invite, joiningNode, joinWith, STEP_MS_MAX, up } from "./joining-nodes.ts";
import { until } from "./lan.ts";
import { freePorts, type NodeProcess } from "./node-process.ts";

const OFFSET = -1.5;
const MAC = "3c:22:fb:01:02:03";

const nodesOf = async (node: NodeProcess) => (await node.get<NodeDocument[]>("/v1/nodes")) ?? [];
const waits = async (node: NodeProcess) => (await node.get<PendingDocument[]>("/v1/pending")) ?? [];
const told = async (node: NodeProcess) =>
  (await node.get<ReplacementDocument[]>("/v1/replacements")) ?? [];

/** Waits until all of them hold the same and know these, each with its state. */
async function agreeOn(nodes: readonly NodeProcess[], known: string): Promise<void> {
  const holds = async (node: NodeProcess) => {
    const list = (await nodesOf(node)).map(({ name, state }) => `${name} ${state}`);
    const { digest } = (await node.get<{ digest: string }>("/v1/mesh")) ?? {};
    return `${list.sort().join()} ${digest}`;
  };
  const same = async () => {
    const [first = "", ...others] = await Promise.all(nodes.map(holds));
    return first.startsWith(`${known} `) && others.every((other) => other === first);
  };
  await until(same, STEP_MS_MAX, `${known} everywhere`);
}

/** The means that a node shows of a room since a moment, one after the other. */
async function means(node: NodeProcess, room: string, from: Date): Promise<readonly number[]> {
  const to = new Date(from.getTime() + 600_000).toISOString();
  const span = `from=${from.toISOString()}&to=${to}&step=1s`;
  const path = `/v1/history?room=${room}&kind=temperature&${span}`;
  const found = (await node.get<HistoryDocument>(path))?.points ?? [];
  const values = found.map(([, mean]) => mean);
  return values.filter((value, place) => value !== values[place - 1]);
}

test("a new Pi takes the place of one that died", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-replace-"));
  const [portA = 0, portB = 0, portC = 0, portD = 0] = await freePorts(4);
  const a = joiningNode(folder, "a", portA);
  const b = joiningNode(folder, "b", portB, [portA]);
  const c = joiningNode(folder, "c", portC, [portA]);
  const d = joiningNode(folder, "d", portD, [portA]);
  t.after(async () => {
    await Promise.all([a, b, c, d].map((node) => node.end("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });
  const from = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  await up(a);
  for (const node of [b, c]) {
    node.prepare();
    assert.equal((await joinWith(node, (await invite(a)).code, portA)).code, 0);
    await up(node);
  }
  await agreeOn([a, b, c], "a alive,b alive,c alive");
  const oldId = (await c.get<SelfDocument>("/v1/node"))?.id ?? "";

  await t.test("what the old one was set to, and measured, is in the mesh", async () => {
    const path = "/v1/sensors/box/calibration";
    const body = JSON.stringify({ kind: "temperature", offset: OFFSET });
    const headers = { "content-type": "application/json" };
    const sent = await fetch(`${c.api}${path}`, { method: "POST", headers, body });
    assert.equal(sent.status, 200);
    assert.equal(await c.write("PUT", "/v1/targets/c/temperature", { value: 21 }), 200);
    assert.equal(await c.write("PUT", `/v1/people/Ana/devices/${MAC}`), 204);
    assert.equal(await c.push("box", 21.5), 202);
    const isHeard = async () => (await means(b, "c", from)).includes(20);
    await until(isHeard, STEP_MS_MAX, "the others to have heard it");
    await agreeOn([a, b, c], "a alive,b alive,c alive");
  });

  await t.test("its card is gone; the new one asks, and an admin agrees", async () => {
    await c.end("SIGKILL");
    d.prepare();
    assert.equal((await joinWith(d, (await invite(a)).code, portA)).code, 0);
    await up(d);
    const knows = async () => (await nodesOf(d)).some(({ id }) => id === oldId);
    await until(knows, STEP_MS_MAX, "the new one to know of the old one");
    const early = await run(["replace", "c", "--node", d.api ?? ""]);
    assertFailed(early, 1, /c was heard of just now: stop it and wait .+, or add --force/);
    assertFailed(await run(["replace", "x", "--node", d.api ?? ""]), 1, /no node "x"/);
    assertFailed(
      await run(["replace", "d", "--node", d.api ?? ""]),
      1,
      /no node "d"|its own place/,
    );
    const asked = await run(["replace", "c", "--force", "--node", d.api ?? ""]);
    assert.equal(asked.code, 0, asked.stderr);
    assert.match(asked.stdout, /asks for the place of c\. .+\n {2}watercooler admit [0-9A-Z-]+\n/);
    await until(async () => (await waits(b)).length === 1, STEP_MS_MAX, "the others to hear of it");
    const [waiting] = await waits(b);
    assert.deepEqual([waiting?.name, waiting?.replaces], ["d", "c"]);
    const status = await run(["status", "--node", b.api ?? ""]);
    assert.match(status.stdout, /d, in place of c .+watercooler admit/);
    assertFailed(
      { ...(await cli(b, "admit", waiting?.fingerprint ?? "")), stdout: "" },
      77,
      /may not|a may/,
    );
    // Killed in between, it asks still, and has the place when it is back.
    await d.end("SIGKILL");
    assert.equal((await cli(a, "admit", waiting?.fingerprint ?? "")).code, 0);
    await up(d);
    await agreeOn([a, b, d], "a alive,b alive,c alive,c retired");
    assert.deepEqual(await waits(a), []);
  });

  await t.test("it is called, calibrated and set as the old one was", async () => {
    const own = await d.get<SelfDocument>("/v1/node");
    assert.deepEqual([own?.name, own?.room], ["c", "c"]);
    assert.notEqual(own?.id, oldId);
    const again = JSON.parse((await cli(d, "replace", "c")).stdout) as ReplacementDocument;
    assert.deepEqual([again.state, again.node, again.successor], ["done", oldId, own?.id]);
    assert.deepEqual(again.sensors[0]?.kinds, ["temperature"]);
    const isCalibrated = async () => {
      await d.push("box", 25);
      const [reading, ...more] =
        (await a.get<ReadingDocument[]>("/v1/readings?room=c&kind=temperature")) ?? [];
      return more.length === 0 && reading?.node === own?.id && reading?.value === 25 + OFFSET;
    };
    await until(isCalibrated, STEP_MS_MAX, "the old one's calibration to be in use, alone");
    for (const node of [a, b, d]) {
      const target = await node.get<TargetDocument>("/v1/targets/c/temperature");
      assert.deepEqual([target?.value, target?.by, target?.concurrent], [21, "c", []]);
      const people = (await node.get<{ person: string }[]>("/v1/people")) ?? [];
      assert.deepEqual(
        people.map(({ person }) => person),
        ["Ana"],
      );
    }
  });

  await t.test("the room's history is one, before and after, on every node", async () => {
    const isWhole = async (node: NodeProcess) => {
      const values = await means(node, "c", from);
      return values[0] === 20 && values.at(-1) === 25 + OFFSET;
    };
    for (const node of [a, b, d]) {
      await until(() => isWhole(node), STEP_MS_MAX, `the whole history at ${node.plan.name}`);
    }
  });

  await t.test("nobody else has that place, and the old one, back again, stops", async () => {
    const late = await run(["replace", oldId, "--node", b.api ?? ""]);
    assertFailed(late, 1, /its place went to c \(.+\) already/);
    c.start();
    const isTold = () => /another node has this one's place/.test(c.log);
    await until(isTold, STEP_MS_MAX, "the old one to be told");
    assert.equal(await c.write("PUT", "/v1/targets/c/temperature", { value: 30 }), 409);
    assert.equal(await c.status("/v1/health"), 503);
    await c.end("SIGTERM");
    c.start();
    await until(() => !c.isRunning, STEP_MS_MAX, "it does not start again");
    assert.match(c.log, /^watercooler: another node has this one's place: run watercooler rekey/m);
    await agreeOn([a, b, d], "a alive,b alive,c alive,c retired");
    assert.deepEqual(
      (await told(b)).map(({ name, state }) => [name, state]),
      [["c", "done"]],
    );
    await d.end("SIGTERM");
    await up(d);
    assert.equal((await d.get<SelfDocument>("/v1/node"))?.name, "c");
  });
});
