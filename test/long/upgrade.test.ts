import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { MeshDocument, NodeDocument } from "../../src/api/types.ts";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { until } from "../integration/lan.ts";
import { freePorts, NodeProcess } from "../integration/node-process.ts";

const STEP_MS_MAX = 120_000;
/** A built checkout of an older version. */
const OLD = process.env.WATERCOOLER_OLD ?? "";
const OLD_PROGRAM = join(OLD, "bin/watercooler.js");
const skip =
  OLD === "" || !existsSync(OLD_PROGRAM)
    ? "set WATERCOOLER_OLD to an older, built checkout"
    : false;
const SIZE = 3;

/** Replaces the program of this build, which stands among the arguments, by the older one. */
const OLDER = [
  process.execPath,
  "-e",
  `const { spawn } = require("node:child_process");
   const args = process.argv.slice(1).map((one) =>
     one.endsWith("bin/watercooler.js") ? ${JSON.stringify(OLD_PROGRAM)} : one);
   const child = spawn(args[0], args.slice(1), { stdio: "inherit" });
   for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
   child.on("exit", (code) => process.exit(code ?? 1));`,
];

test("a mesh of an older build is upgraded to this one, a node at a time, and back", {
  skip,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-upgrade-"));
  const secretFile = join(folder, "mesh.secret");
  writeFileSync(secretFile, generateKeyPem(), { mode: 0o600 });
  const ports = await freePorts(SIZE);
  const plans = ports.map((meshPort, at) => ({
    name: `pi-${at}`,
    data: join(folder, `data-${at}`),
    secretFile,
    meshPort,
    peerPorts: ports.filter((port) => port !== meshPort),
    sensors: [{ platform: "push", name: "box" }],
  }));
  const run = plans.map((plan) => new NodeProcess({ ...plan, prefix: OLDER }));
  t.after(async () => {
    await Promise.all(run.map((node) => node.end("SIGTERM")));
    rmSync(folder, { recursive: true, force: true });
  });
  const agreed = async () => {
    const meshes = await Promise.all(run.map((node) => node.get<MeshDocument>("/v1/mesh")));
    return meshes.every((one) => one?.nodes === SIZE && one.digest === meshes[0]?.digest);
  };
  const swap = async (at: number, prefix: readonly string[]) => {
    const plan = plans[at];
    assert.ok(plan);
    await run[at]?.end("SIGTERM");
    const node = new NodeProcess({ ...plan, prefix });
    run[at] = node;
    node.start();
    await until(agreed, STEP_MS_MAX, `all hold the same after ${plan.name} was swapped`);
    assert.equal(await node.push("box", 20 + at), 202);
    const others = await Promise.all(run.map((one) => one.get<NodeDocument[]>("/v1/nodes")));
    assert.ok(others.every((list) => list?.every(({ state }) => state === "alive")));
  };
  for (const node of run) node.start();
  await until(agreed, STEP_MS_MAX, "the older build agrees");
  const target = "/v1/targets/pi-0/temperature";
  assert.equal(await run[0]?.write("PUT", target, { value: 21 }), 200);
  for (const at of plans.keys()) await swap(at, []);
  for (const node of run) {
    const told = await node.get<{ readonly value: number }>(target);
    assert.equal(told?.value, 21);
  }
  // Whoever goes back by a version loses nothing either.
  await swap(0, OLDER);
  assert.equal((await run[0]?.get<{ readonly value: number }>(target))?.value, 21);
});
