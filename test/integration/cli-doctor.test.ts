import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { assertFailed, fakeNode, folder, PROGRAM, run, writeConfig } from "./cli-harness.ts";

interface Finding {
  readonly check: string;
  readonly state: "ok" | "warn" | "fail";
  readonly says: string;
  readonly mend?: string;
}

const basic = (dir: string) => ({
  data: join(dir, "data"),
  mesh: { listen: "127.0.0.1:0", discovery: "off" },
  api: { listen: "127.0.0.1:0" },
  sensors: [] as object[],
});
/** Nobody listens there: port 9 is the discard service's. */
const NOBODY = ["--node", "http://127.0.0.1:9"];

function findingsOf(stdout: string): readonly Finding[] {
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

test("doctor: every check has a line, and all that is well ends with 0", async (context) => {
  const dir = folder(context);
  const config = writeConfig(join(dir, "w.yaml"), basic(dir));
  const { code, stdout } = await run(["doctor", "--config", config, ...NOBODY]);
  assert.equal(code, 0, stdout);
  const local = ["config", "groups", "buses", "lines", "clock", "disk", "ports", "mdns"];
  for (const check of [...local, "neighbours"]) {
    assert.match(stdout, new RegExp(`^(ok|warn) +${check} +\\S`, "m"));
  }
  assert.match(stdout, /^ok +mdns +off/m);
  assert.match(stdout, /^(?:ok|warn) +neighbours +(?:asks after|no subnet)/m);
  assert.match(stdout, /^warn +node +can't reach a node/m);
});

test("doctor: what is wrong fails with what to do, and ends with 1", async (context) => {
  const dir = folder(context);
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  context.after(() => holder.close());
  const address = holder.address();
  assert.ok(address !== null && typeof address === "object");
  const config = writeConfig(join(dir, "w.yaml"), {
    ...basic(dir),
    api: { listen: `127.0.0.1:${address.port}` },
    sensors: [
      { platform: "bme280", name: "climate", i2c_bus: 29 },
      { platform: "gpio", name: "door", pin: 17, kind: "motion", chip: "no-such-chip" },
    ],
  });
  const { code, stdout } = await run(["doctor", "--json", "--config", config, ...NOBODY]);
  assert.equal(code, 1);
  const failures = findingsOf(stdout).filter(({ state }) => state === "fail");
  assert.deepEqual(failures.map(({ check }) => check).sort(), ["buses", "lines", "ports"]);
  const of = (check: string) => failures.find((finding) => finding.check === check);
  assert.match(of("buses")?.says ?? "", /no \/dev\/i2c-29/);
  assert.match(of("buses")?.mend ?? "", /set i2c_bus/);
  const held = `another program has it, \\S+ \\(process ${process.pid}\\)$`;
  assert.match(of("ports")?.says ?? "", new RegExp(`^api\\.listen .*: ${held}`));
  assert.match(JSON.stringify(of("lines")), /no-such-chip|install gpiod/);
});

test("doctor: a bad configuration is a finding like others", async (context) => {
  const config = writeConfig(join(folder(context), "w.yaml"), "sensors: [ { platform: bme28 } ]");
  const { code, stdout } = await run(["doctor", "--json", "--config", config, ...NOBODY]);
  assert.equal(code, 1);
  assert.match(findingsOf(stdout)[0]?.says ?? "", /did you mean bme280/);
});

test("doctor: the running node's checks and failing sensors are among the lines", async (context) => {
  const dir = folder(context);
  const config = writeConfig(join(dir, "w.yaml"), basic(dir));
  const climate = { name: "climate", platform: "bme280", kinds: ["temperature"] };
  const node = await fakeNode(context, {
    "/v1/health": { status: "ok", checks: { identity: { status: "ok", detail: "nobody else" } } },
    "/v1/node": {
      id: "did:key:z1",
      name: "lab",
      room: "lab",
      version: "1",
      sensors: [{ ...climate, state: "failing", error: "i2c-1 hangs: take its power away" }],
    },
  });
  const { code, stdout } = await run(["doctor", "--config", config, "--node", node.url]);
  assert.equal(code, 1);
  assert.match(stdout, /^ok +node identity +nobody else$/m);
  assert.match(stdout, /^fail +sensor +climate \(bme280\): i2c-1 hangs: take its power away$/m);
});

test("doctor: silent nodes, two versions and a clock far ahead are told", async (context) => {
  const dir = folder(context);
  const config = writeConfig(join(dir, "w.yaml"), basic(dir));
  const known = (id: string, name: string, more: object) => ({
    ...{ id, name, room: name, version: "1.0.0", addresses: [], state: "alive", age_s: 1 },
    ...more,
  });
  const node = await fakeNode(context, {
    "/v1/health": { status: "ok", checks: {} },
    "/v1/node": { id: "a", name: "lab", room: "lab", version: "1.0.0", sensors: [] },
    "/v1/nodes": [
      known("a", "lab", {}),
      known("b", "hall", { version: "1.1.0" }),
      known("c", "attic", { state: "silent", age_s: 7_200 }),
    ],
    "/v1/facts": [
      { from: "a", at: new Date().toISOString() },
      { from: "b", at: new Date(Date.now() + 40 * 86_400_000).toISOString() },
      { from: "b", at: new Date(Date.now() + 86_400_000).toISOString() },
    ],
    "/v1/membership": { admins: [{ name: "lab", alive: true }] },
  });
  const { code, stdout } = await run(["doctor", "--config", config, "--node", node.url]);
  assert.equal(code, 0, "none of it keeps the node from working");
  assert.match(stdout, /^warn +nodes +attic is silent, last heard of 2 h ago: .*forget NODE$/m);
  assert.match(stdout, /^warn +versions +1\.0\.0 on lab; 1\.1\.0 on hall: upgrade/m);
  assert.match(stdout, /^warn +clocks +hall writes with a clock that is 40 d ahead of this one: /m);
  assert.match(stdout, /^warn +members +only lab may let others in: /m);
});

test("doctor: what systemd says of the service is among the lines", async (context) => {
  const dir = folder(context);
  const config = writeConfig(join(dir, "w.yaml"), basic(dir));
  const unit = "LoadState=loaded\\nActiveState=failed\\nExecMainStatus=78\\n";
  const systemctl = `#!/bin/sh\n[ "$1 $2" = "show watercooler" ] && printf '${unit}'\n`;
  writeFileSync(join(dir, "systemctl"), systemctl, { mode: 0o755 });
  const env = { PATH: `${dir}:${process.env.PATH}` };
  const { code, stdout } = await run(["doctor", "--config", config, ...NOBODY], env);
  assert.equal(code, 1);
  assert.match(stdout, /^fail +service +failed: its configuration is refused: sudo watercooler/m);
});

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? false : "needs root, to become somebody without a group";

test("doctor: without a group, one line says which to add", { skip }, async (context) => {
  const dir = folder(context);
  chmodSync(dir, 0o755);
  const path = join(dir, "ttyACM0");
  writeFileSync(path, "", { mode: 0o600 });
  const box = { platform: "serial", name: "box", path };
  const config = writeConfig(join(dir, "w.yaml"), { ...basic(dir), data: "/tmp", sensors: [box] });
  const args = [PROGRAM, "doctor", "--json", "--config", config, ...NOBODY];
  const env = { PATH: process.env.PATH, HOME: "/nonexistent" };
  const nobody = { uid: 65_534, gid: 65_534, encoding: "utf8", env, cwd: "/" } as const;
  const { stdout, stderr } = spawnSync(process.execPath, args, nobody);
  assert.equal(stderr, "");
  // A machine with the service has more to say of the service's own user.
  const groups = findingsOf(stdout).filter(({ says }) => says === `no permission on ${path}`);
  assert.equal(groups.length, 1);
  assert.equal(groups[0]?.check, "groups");
  assert.equal(groups[0]?.state, "fail");
  assert.match(groups[0]?.mend ?? "", /^sudo usermod -aG dialout nobody, then log in again$/);
});

test("doctor: a full disk, one without room for files, and a read-only one", {
  skip,
}, (context) => {
  const dir = folder(context);
  const config = writeConfig(join(dir, "w.yaml"), { ...basic(dir), data: `${dir}/disk/data` });
  const doctor = `"${process.execPath}" "${PROGRAM}" doctor --json --config "${config}" ${NOBODY.join(" ")}`;
  const on = (options: string, then = ":") => {
    // Mounts of a namespace of its own, which go with it.
    const script = `mkdir -p ${dir}/disk && mount -t tmpfs -o ${options} none ${dir}/disk && ${then} && ${doctor}`;
    const { stdout, stderr } = spawnSync("unshare", ["-m", "sh", "-c", script], {
      encoding: "utf8",
    });
    const found = findingsOf(stdout || stderr).filter(({ check }) => check === "disk");
    return found.map(({ state, says }) => `${state} ${says}`);
  };
  assert.match(on("size=4m").join(), /^fail [0-4] MB free for /);
  assert.match(on("size=100m").join(), /^warn \d+ MB free for /);
  assert.match(on("size=1g,nr_inodes=99").join(), /^fail room for 9\d more files at /);
  const remount = `mount -o remount,ro ${dir}/disk`;
  assert.match(on("size=1g", remount).join(), /^fail .*\/disk is read-only$/);
});

test("sensors scan: one document, and words for people where nothing is found", async () => {
  const { stdout } = await run(["sensors", "scan", "--json"]);
  const document = JSON.parse(stdout) as { found: unknown[]; troubles: unknown[]; yaml: string };
  assert.ok(Array.isArray(document.found) && Array.isArray(document.troubles));
  const words = await run(["sensors", "scan"]);
  assert.notEqual(words.stdout, "");
});

/** A node with one chip that gives these raw values, the next at each question. */
async function chipNode(context: Parameters<typeof fakeNode>[0], temperatures: readonly number[]) {
  let asked = 0;
  const value = (kind: string, unit: string, raw: number) => ({
    sensor: "climate",
    kind,
    unit,
    raw,
    value: raw,
  });
  return fakeNode(context, {
    "/v1/node": (_request: IncomingMessage, response: ServerResponse) => {
      const raw = temperatures[asked++ % temperatures.length] ?? 0;
      const values = [value("temperature", "degC", raw), value("humidity", "percent", 40)];
      response.end(JSON.stringify({ sensors: [{ name: "climate", values }] }));
    },
  });
}

test("sensors calibrate: the offset against a reference, and what the humidity becomes", async (context) => {
  const { url } = await chipNode(context, [25.9, 26.1]);
  const args = ["sensors", "calibrate", "climate", "--reference", "22", "--for", "1"];
  const { code, stdout } = await run([...args, "--node", url, "--json"]);
  assert.equal(code, 0);
  const { offset, humidity, yaml, raws } = JSON.parse(stdout) as {
    offset: number;
    humidity: number;
    yaml: string;
    raws: number[];
  };
  assert.deepEqual(raws, [25.9, 26.1]);
  assert.equal(offset, -4);
  assert.ok(Math.abs(humidity - 50.9) < 0.3);
  assert.equal(yaml, "temperature: { filters: [ { offset: -4 } ] }");
  const words = await run([...args, "--node", url]);
  assert.match(words.stdout, /^ {4}temperature: \{ filters: \[ \{ offset: -4 \} \] \}$/m);
});

test("sensors calibrate: what can't be calibrated is told in one line", async (context) => {
  const { url } = await chipNode(context, [24, 26]);
  const calibrate = (...args: readonly string[]) =>
    run(["sensors", "calibrate", ...args, "--for", "1", "--node", url]);
  assertFailed(await calibrate("climate", "--reference", "22"), 1, /moved by 2 °C/);
  assertFailed(await calibrate("attic", "--reference", "22"), 1, /it has climate/);
  const co2 = await calibrate("climate", "--reference", "420", "--kind", "co2");
  assertFailed(co2, 1, /gives no co2: it gives temperature, humidity/);
  assertFailed(await calibrate("climate", "--reference", "warm"), 2, /must be a number/);
  assertFailed(await calibrate("climate"), 2, /--reference/);
});
