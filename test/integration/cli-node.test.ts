import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import {
  assertFailed,
  assertNoTrace,
  type Cli,
  folder,
  run,
  start,
  until,
  WAIT_MS_MAX,
  writeConfig,
} from "./cli-harness.ts";

/** From the brief to whoever presses Ctrl-C. */
const END_MS_MAX = 2_000;

interface Up {
  readonly cli: Cli;
  readonly api: string;
  readonly dir: string;
}

const basic = (dir: string) => ({
  node: { name: "lab-pi", room: "lab" },
  data: join(dir, "data"),
  mesh: { listen: "127.0.0.1:0", discovery: "off" },
  api: { listen: "127.0.0.1:0" },
  sensors: [{ platform: "push", name: "box" }],
  neighbours: { record: "none" },
});

/** A real node that is up. */
async function upNode(context: TestContext): Promise<Up> {
  const dir = folder(context);
  const config = writeConfig(join(dir, "w.yaml"), basic(dir));
  const cli = start(context, ["up", "--json", "--config", config]);
  await until(`the node: ${cli.stderr}`, () => cli.stdout.endsWith("}\n"));
  const { api, ...ready } = JSON.parse(cli.stdout);
  assert.equal(ready.name, "lab-pi");
  assert.equal(ready.room, "lab");
  assert.match(ready.id, /^did:key:z6Mk/);
  return { cli, api: api[0], dir };
}

async function push(api: string, value: number): Promise<void> {
  const body = JSON.stringify({ sensor: "box", kind: "temperature", value });
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(`${api}/v1/readings`, { method: "POST", headers, body });
  assert.equal(status, 202);
}

test("every command against a real node, then Ctrl-C", async (context) => {
  const { cli, api, dir } = await upNode(context);
  await push(api, 21.5);
  const ask = async (...args: string[]) => {
    const ended = await run([...args, "--node", api]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(ended.stderr, "");
    return ended.stdout;
  };
  assert.match(await ask("status"), /lab-pi \(lab\) {2}1 of 1 nodes alive/);
  assert.match(await ask("rooms"), /lab +21\.5 °C/);
  assert.match(await ask("room", "lab"), /temperature +21\.5 °C/);
  assert.match(await ask("network"), /No device has been seen yet/);
  assert.equal(JSON.parse(await ask("status", "--json")).node.name, "lab-pi");
  assert.equal(JSON.parse(await ask("rooms", "--json"))[0].room, "lab");
  assert.equal(JSON.parse(await ask("room", "lab", "--json")).readings.temperature.value, 21.5);
  assert.deepEqual(JSON.parse(await ask("network", "--json")), []);
  for (const format of [[], ["--json"]]) {
    assertFailed(await run(["room", "la", "--node", api, ...format]), 1, /did you mean lab/);
  }

  const text = start(context, ["watch", "--node", api]);
  const json = start(context, ["watch", "--json", "--node", api]);
  await until("both watches", () => /21\.5 °C/.test(text.stdout) && json.stdout.endsWith("}\n"));
  await push(api, 23);
  await until("the change", () => /23 °C/.test(text.stdout) && /"value":23/.test(json.stdout));
  for (const line of json.stdout.trimEnd().split("\n")) JSON.parse(line);

  const { code, tookMs, stderr } = await cli.interrupt();
  assert.equal(code, 0, stderr);
  assert.ok(tookMs < END_MS_MAX, `${tookMs} ms`);
  assertNoTrace({ stdout: cli.stdout, stderr });
  await until("the watch's word", () => /the node went away/.test(text.stderr));
  for (const one of [text, json]) {
    const ended = await one.interrupt();
    assert.equal(ended.code, 0, ended.stderr);
    assert.ok(ended.tookMs < END_MS_MAX, `${ended.tookMs} ms`);
    assertNoTrace(ended);
  }
  // Its key and state are there for the next start.
  assert.ok(existsSync(join(dir, "data", "state.db")));
});

test("Ctrl-C while a node is still starting ends it too", async (context) => {
  const dir = folder(context);
  const config = writeConfig(join(dir, "w.yaml"), basic(dir));
  const cli = start(context, ["up", "--config", config]);
  await until("its folder", () => existsSync(join(dir, "data")));
  const { code, tookMs, stderr } = await cli.interrupt();
  assert.equal(code, 0, stderr);
  assert.ok(tookMs < WAIT_MS_MAX);
  assertNoTrace({ stdout: cli.stdout, stderr });
});

const bad: readonly (readonly [yaml: string, says: RegExp])[] = [
  ["node:\n  nam: x\n", /watercooler\.yaml:2: node\.nam: unknown key: did you mean name\?/],
  ["mesh:\n  active_view: 500\n", /watercooler\.yaml:2: mesh\.active_view: 500 .*from 2 to 20/],
  ["mesh:\n  listen: 7946\n", /watercooler\.yaml:2: mesh\.listen: 7946 .*host:port/],
  ["api:\n  read: all\n", /watercooler\.yaml:2: api\.read: "all" .*one of lan, capability/],
  [
    "sensors:\n  - platform: gpio\n    name: door\n    kind: motion\n",
    /watercooler\.yaml:2: sensors\.0\.pin: .*missing/,
  ],
  ["neighbours:\n\tkeep: 24h\n", /watercooler\.yaml:2: .*tabs: use spaces/],
  ["node: {name: a}\nnode: {name: b}\n", /watercooler\.yaml:2: node is there twice/],
];
for (const [yaml, says] of bad) {
  test(`bad configuration: ${JSON.stringify(yaml)}`, async (context) => {
    const dir = folder(context);
    const config = writeConfig(join(dir, "watercooler.yaml"), yaml);
    const data = join(dir, "data");
    assertFailed(await run(["up", "--config", config, "--data", data]), 78, says);
    assert.ok(!existsSync(data), "something was started");
    assertFailed(await run(["up"], { WATERCOOLER_CONFIG: config }), 78, says);
    assertFailed(await run(["up"], {}, dir), 78, says);
    assertFailed(await run(["config", "check", config]), 78, says);
    const json = await run(["config", "check", "--json"], {}, dir);
    assert.equal(json.code, 78);
    const document = JSON.parse(json.stdout);
    assert.equal(document.ok, false);
    assert.match(document.problems[0], says);
  });
}

test("a configuration that can't be read, with what to do", async (context) => {
  const dir = folder(context);
  assertFailed(await run(["up", "--config", join(dir, "no.yaml")]), 78, /no\.yaml: there is no/);
  assertFailed(await run(["up", "--config", dir]), 78, /a folder: name the file/);
  const env = { WATERCOOLER_CONFIG: "/nonexistent.yaml" };
  assertFailed(await run(["up"], env), 78, /named by \$WATERCOOLER_CONFIG/);
});

test("each mistake of a file has its line, all at once", async (context) => {
  const dir = folder(context);
  const config = writeConfig(join(dir, "watercooler.yaml"), "msh: 1\nnode:\n  nam: x\n  rom: y\n");
  const { code, stderr } = await run(["config", "check", config]);
  assert.equal(code, 78);
  assert.deepEqual(
    [...stderr.matchAll(/watercooler\.yaml:(\d+): ([\w.]+):/g)].map(
      ([, line, key]) => `${line} ${key}`,
    ),
    ["1 msh", "3 node.nam", "4 node.rom"],
  );
});

test("config check of a good file; config schema", async (context) => {
  const dir = folder(context);
  const config = writeConfig(join(dir, "w.yaml"), basic(dir));
  assert.equal((await run(["config", "check", config])).stdout, `${config} is good.\n`);
  const json = JSON.parse((await run(["config", "check", "--json", config])).stdout);
  assert.equal(json.ok, true);
  assert.equal(json.config.node.name, "lab-pi");
  const schema = await run(["config", "schema"]);
  assert.equal(schema.code, 0);
  assert.deepEqual(Object.keys(JSON.parse(schema.stdout).properties).slice(0, 4), [
    "node",
    "data",
    "mesh",
    "api",
  ]);
});

test("a data folder that can't be: 1, one line that names it", async () => {
  assertFailed(await run(["up", "--data", "/dev/null/x"]), 1, /\/dev\/null\/x/);
});

for (const part of ["mesh", "api"] as const) {
  test(`a taken ${part} port: 1, one line that names it`, async (context) => {
    const dir = folder(context);
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    context.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    const all = basic(dir);
    const changed = { ...all, [part]: { ...all[part], listen: `127.0.0.1:${port}` } };
    const config = writeConfig(join(dir, "w.yaml"), { ...changed, log: { level: "error" } });
    const ended = await run(["up", "--config", config]);
    assertFailed(ended, 1, new RegExp(`${port}.*${part}\\.listen`));
  });
}
