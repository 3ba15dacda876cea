import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { MeshDocument, ReadingDocument } from "../../src/api/types.ts";
import { enrol } from "../../src/trust/enrol.ts";
import { makeRootKey } from "../../src/trust/root-key.ts";
import { type Cli, folder, run, start, until, WAIT_MS_MAX, writeConfig } from "./cli-harness.ts";

interface Up {
  readonly cli: Cli;
  readonly api: string;
  readonly mesh: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** All nodes here are of one mesh. */
const root = makeRootKey().root;

/** A real node; `peers` are whom it knows. */
async function up(
  context: TestContext,
  dir: string,
  name: string,
  peers: readonly string[] = [],
): Promise<Up> {
  const config = writeConfig(join(dir, "w.yaml"), {
    node: { name },
    data: join(dir, "data"),
    // A port that others are told of has to be known before.
    mesh: { listen: `127.0.0.1:${await freePort()}`, discovery: "off", peers },
    api: { listen: "127.0.0.1:0" },
    neighbours: { record: "none" },
    sensors: [{ platform: "push", name: "box", temperature: { filters: [{ multiply: 2 }] } }],
  });
  enrol(join(dir, "data"), root);
  const cli = start(context, ["up", "--json", "--config", config]);
  await until("the node", () => /\}\s*$/.test(cli.stdout));
  const { api, mesh } = JSON.parse(cli.stdout) as { api: [string]; mesh: [string] };
  return { cli, api: api[0], mesh: mesh[0] };
}

/** Pushes a value and gives what the node tells of it. */
async function told(api: string, kind: string, value: number): Promise<number | undefined> {
  const body = JSON.stringify({ sensor: "box", kind, value });
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(`${api}/v1/readings`, { method: "POST", headers, body });
  assert.equal(status, 202);
  const answer = await fetch(`${api}/v1/readings?kind=${kind}`);
  const readings = (await answer.json()) as ReadingDocument[];
  const own = readings.find(({ age_s }) => age_s < 5);
  return own === undefined ? undefined : Number(own.value);
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > 2 * WAIT_MS_MAX) assert.fail(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test("a calibration outlives its node's restart and its card", async (context) => {
  const [first, second, fresh] = [folder(context), folder(context), folder(context)];
  let lab = await up(context, first, "lab-pi");
  assert.equal(await told(lab.api, "temperature", 12), 24);
  const saved = await run([
    ...["sensors", "calibrate", "box", "--reference", "22", "--for", "0", "--save"],
    ...["--node", lab.api, "--json"],
  ]);
  assert.equal(saved.code, 0, saved.stderr);
  // The filter doubles what comes after the offset.
  assert.deepEqual(JSON.parse(saved.stdout), { sensor: "box", kind: "temperature", offset: -1 });
  assert.equal(await told(lab.api, "temperature", 12), 22);

  await lab.cli.interrupt();
  lab = await up(context, first, "lab-pi");
  assert.equal(await told(lab.api, "temperature", 13), 24);

  const desk = await up(context, second, "desk-pi", [lab.mesh]);
  const state = async ({ api }: Up) =>
    (await fetch(`${api}/v1/mesh`)).json() as Promise<MeshDocument>;
  await eventually("both agree", async () => {
    const [left, right] = [await state(lab), await state(desk)];
    return left.digest === right.digest && right.nodes === 2;
  });
  await lab.cli.interrupt();

  const again = await up(context, fresh, "lab-pi", [desk.mesh]);
  assert.equal(await told(again.api, "temperature", 12), 24, "not before it is known to be gone");
  await eventually("the new card's calibration", async () => {
    return (await told(again.api, "temperature", 12)) === 22;
  });
});

test("a calibration that can't be is refused in words", async (context) => {
  const { api } = await up(context, folder(context), "lab-pi");
  const post = async (sensor: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const path = `${api}/v1/sensors/${sensor}/calibration`;
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return [answer.status, ((await answer.json()) as { detail?: string }).detail];
  };
  const kind = "temperature";
  assert.deepEqual(await post("attic", { kind, offset: 1 }), [
    404,
    'no sensor "attic"; known are: box',
  ]);
  assert.equal((await post("box", { kind, offset: 500 }))[0], 422);
  assert.equal((await post("box", { kind: "smell", offset: 1 }))[0], 400);
  assert.equal((await post("box", { kind }))[0], 400);
  assert.equal((await post("box", { kind, offset: 0 }))[0], 200);
});
