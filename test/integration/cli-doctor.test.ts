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
  assert.match(of("buses")?.mend ?? "", /do_i2c 0/);
  assert.match(of("ports")?.says ?? "", /api\.listen .*another program has it/);
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
  const groups = findingsOf(stdout).filter(({ check }) => check === "groups");
  assert.equal(groups.length, 1);
  assert.equal(groups[0]?.state, "fail");
  assert.equal(groups[0]?.says, `no permission on ${path}`);
  assert.match(groups[0]?.mend ?? "", /^sudo usermod -aG dialout nobody, then log in again$/);
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
