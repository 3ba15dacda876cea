import assert from "node:assert/strict";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { TargetDocument } from "../../src/api/types.ts";
import { type FileHolder, makeBackup } from "../../src/backup/make-backup.ts";
import { openArchive } from "../../src/backup/read-archive.ts";
import {
  backUpStopped,
  contents,
  openSqlite,
  order,
  stoppedNode,
  tempFolder,
} from "./backup-files.ts";
import { Cli, run } from "./cli-harness.ts";
import { agree, ClonedOffice, cloneAlarm, holdsFor, valueAt } from "./cloned-office.ts";
import { until } from "./lan.ts";
import type { NodeProcess } from "./node-process.ts";

const SPREAD_MS_MAX = 30_000;
const BACKUPS = 20;
/** Writes that are under way at a time. */
const WRITERS = 3;
const KILLS = 5;
const MAC = "02:00:00:00:00:07";

const backup = (node: NodeProcess, file: string, ...more: readonly string[]) =>
  run(["backup", file, "--config", `${node.plan.data}.yaml`, "--node", node.api ?? "", ...more]);

async function target(node: NodeProcess, room: string): Promise<number | undefined> {
  const path = `/v1/targets/${room}/temperature`;
  return (await node.get<TargetDocument>(path))?.value as number | undefined;
}

async function setTarget(node: NodeProcess, room: string, value: number): Promise<void> {
  assert.equal(await node.write("PUT", `/v1/targets/${room}/temperature`, { value }), 200);
}

test("a restored node has again what it wrote after the backup; a second copy is a clone", async (t) => {
  const office = await ClonedOffice.make();
  t.after(() => office.remove());
  const { original, witnesses, copy, folder } = office;
  const three = [original, ...witnesses];
  await office.start(...three);
  const file = join(folder, "pi.backup");
  await setTarget(original, "kitchen", 19);
  await setTarget(original, "hall", 18);
  const made = await backup(original, file, "--json");
  assert.equal(made.code, 0, made.stderr);
  const { id, bytes } = JSON.parse(made.stdout);
  assert.equal(bytes, statSync(file).size);
  const twice = await backup(original, file);
  assert.match(
    twice.stderr,
    /^watercooler: .* is there already: name another file, or add --force/,
  );

  // All of this is on the neighbours alone when the card is gone.
  await setTarget(original, "kitchen", 22);
  await setTarget(original, "attic", 16);
  const cleared = await original.write("DELETE", "/v1/targets/hall/temperature");
  assert.equal(cleared, 204);
  assert.equal(await original.push("box", 52), 202);
  const holds = async (node: NodeProcess) =>
    (await valueAt(node, "box")) === 52 &&
    (await target(node, "kitchen")) === 22 &&
    (await target(node, "attic")) === 16 &&
    (await target(node, "hall")) === undefined;
  await until(() => holdsFor(three, holds), SPREAD_MS_MAX, "the later writes everywhere");
  await original.end("SIGKILL");
  const { data } = original.plan;
  rmSync(data, { recursive: true });
  const restored = await run(["restore", file, "--config", `${data}.yaml`]);
  assert.equal(restored.code, 0, restored.stderr);
  await office.start(original);
  await until(
    async () => (await holdsFor(three, holds)) && agree(three),
    SPREAD_MS_MAX,
    "the later writes everywhere again",
  );
  assert.equal((await original.get<{ id: string }>("/v1/node"))?.id, id);
  assert.deepEqual((await Promise.all(three.map(cloneAlarm))).filter(Boolean), []);

  const onto = await run(["restore", file, "--data", data, "--force"]);
  assert.match(onto.stderr, /^watercooler: a node runs on .*: stop it first\n$/);
  const second = await run(["restore", file, "--data", copy.plan.data]);
  assert.equal(second.code, 0, second.stderr);
  copy.start();
  const alarmed = async (node: NodeProcess) => (await cloneAlarm(node)) !== undefined;
  await until(() => holdsFor(office.nodes, alarmed), SPREAD_MS_MAX, "all naming the clone");
  // A node that wrote hundreds of keys in a second is heard slowly: not the one with the clone.
  await underLoad(witnesses[0], join(folder, "load"));
});

/** Backs a node up again and again while it is written to. */
async function underLoad(node: NodeProcess, folder: string): Promise<void> {
  const acknowledged: string[] = [];
  let going = true;
  const writer = async (name: number) => {
    for (let at = 0; going; at++) {
      const room = `load-${name}-${at}`;
      await setTarget(node, room, 20);
      acknowledged.push(room);
      // What is taken back for good breaks a hold.
      if (at % 20 === 0) await node.write("PUT", `/v1/people/eve/devices/${MAC}`);
      if (at % 20 === 10) await node.write("DELETE", `/v1/people/eve/devices/${MAC}`);
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, name) => writer(name));
  async function ask<T>(path: string, init: RequestInit): Promise<T> {
    const headers = { "content-type": "application/json" };
    return (await fetch(`${node.api}/v1/backup${path}`, { ...init, headers })).json() as T;
  }
  const holder: FileHolder = {
    hold: (file) => ask("", { method: "POST", body: JSON.stringify({ file }) }),
    release: (hold) => ask(`/${hold}`, { method: "DELETE" }),
  };
  const kept: { path: string; before: readonly string[] }[] = [];
  for (let at = 0; at < BACKUPS; at++) {
    const before = [...acknowledged];
    const path = join(folder, "..", `load-${at}.backup`);
    const made = await makeBackup({ ...order(node.plan.data, path), node: holder });
    assert.ok(made.ok, made.ok ? "" : made.error);
    kept.push({ path, before });
    await until(() => acknowledged.length > before.length, SPREAD_MS_MAX, "another write");
  }
  going = false;
  await Promise.all(writers);
  for (const { path, before } of kept) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const archive = await openArchive(path);
    assert.ok(archive.ok, archive.ok ? "" : archive.error);
    await archive.value.extract("state.db", join(folder, "state.db"), 0o600);
    await archive.value.close();
    const store = openSqlite(folder);
    assert.equal(store.state().movedAside, undefined);
    const keys = new Set(store.load().origins.flatMap((one) => one.entries.map(({ key }) => key)));
    store.close();
    const text = [...keys].join("\n");
    for (const room of before) {
      assert.ok(text.includes(`target/${room}/temperature`), `${room} is not in ${path}`);
    }
  }
  console.log(`# ${BACKUPS} backups while ${acknowledged.length} targets were set`);
}

test("a backup that is killed leaves the one that was there, or itself whole", async (t) => {
  const folder = tempFolder(t);
  const [data, path] = [join(folder, "data"), join(folder, "pi.backup")];
  stoppedNode(data, "a");
  await backUpStopped(data, path);
  const before = contents(data);
  const words = ["backup", path, "--data", data, "--force"];
  const wholeMs = -performance.now() + (await run(words).then(() => performance.now()));
  for (let at = 1; at <= KILLS; at++) {
    const cli = new Cli(words);
    // Most of the time goes into the start of the program: the later half has the writing.
    setTimeout(() => cli.child.kill("SIGKILL"), wholeMs * (0.5 + (0.5 * at) / KILLS));
    await cli.ended;
    const opened = await openArchive(path);
    assert.ok(opened.ok, opened.ok ? "" : opened.error);
    await opened.value.close();
  }
  assert.deepEqual(contents(data), before);
  assert.equal((await run(words)).code, 0);
});
