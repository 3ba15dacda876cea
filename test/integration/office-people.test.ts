import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { PersonDocument } from "../../src/api/types.ts";
import { assertFailed, run } from "./cli-harness.ts";
import { until } from "./lan.ts";
import type { NodeProcess } from "./node-process.ts";
import { MEET_MS_MAX, Trio } from "./office-trio.ts";

const MAC = "3c:22:fb:01:02:03";
/** Spelled so that nothing else in a database looks like it. */
const NAME = "Anaximandra";

const path = (person: string) => `/v1/people/${person}/devices/${MAC}`;
const people = (node: NodeProcess) => node.get<PersonDocument[]>("/v1/people");

/** The files of a node that a text is in. */
function filesWith({ plan: { data } }: NodeProcess, text: string): readonly string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}

async function forgotten(nodes: readonly NodeProcess[], name: string): Promise<void> {
  const clean = async (node: NodeProcess) =>
    filesWith(node, name).length === 0 &&
    (await people(node))?.every(({ person }) => person !== name) === true;
  await until(
    async () => (await Promise.all(nodes.map(clean))).every(Boolean),
    MEET_MS_MAX,
    `nobody holds ${name}: ${nodes.map((node) => filesWith(node, name)).join(" | ")}`,
  );
}

test("a name that is taken back is in no file of any node", async (context) => {
  const trio = await Trio.start(context);
  const [origin, second, third] = trio.nodes as [NodeProcess, NodeProcess, NodeProcess];
  assert.equal(await origin.write("PUT", path(NAME)), 204);
  await trio.agreed();
  for (const node of [second, third]) await node.end("SIGTERM");
  for (const node of trio.nodes) assert.notDeepEqual(filesWith(node, NAME), [], "else no test");
  second.start();
  await trio.agreed();

  // The one that wrote it is off, and so is one that only heard of it.
  await origin.end("SIGKILL");
  assert.equal(await second.write("DELETE", path(NAME)), 204);
  assert.deepEqual(filesWith(second, NAME), [], "gone when the answer comes");
  third.start();
  await forgotten([second, third], NAME);
  origin.start();
  await forgotten(trio.nodes, NAME);
  await trio.agreed();

  assert.equal(await origin.write("PUT", path("Bartholomea")), 204);
  await trio.agreed();
  for (const node of trio.nodes) assert.equal((await people(node))?.[0]?.person, "Bartholomea");
  const forget = await run(["iam", "--forget", MAC, "--node", third.api ?? ""]);
  assert.equal(forget.code, 0, forget.stderr);
  await forgotten(trio.nodes, "Bartholomea");
  for (const node of trio.nodes) assert.ok(!node.log.includes(NAME), "a name in a log");
});

test("two who claim one device are both told so, by every command", async (context) => {
  const trio = await Trio.start(context);
  const [first, second, third] = trio.nodes as [NodeProcess, NodeProcess, NodeProcess];
  const cli = (node: NodeProcess, ...args: string[]) => run([...args, "--node", node.api ?? ""]);
  const said = await cli(first, "iam", "Ana", MAC.toUpperCase());
  assert.equal(said.stdout, `${MAC} is Ana's now.\n`, said.stderr);
  await trio.agreed();
  const both = await cli(second, "iam", "Zé da Silva", MAC, "--json");
  assert.deepEqual(JSON.parse(both.stdout), { person: "Zé da Silva", mac: MAC, conflict: ["Ana"] });
  await trio.agreed();
  const who = await cli(third, "who");
  assert.match(who.stdout, /^Ana +no .*is Zé da Silva's too/m);
  assert.match(who.stdout, /^Zé da Silva +no .*is Ana's too/m);
  // Another spelling is the same person, with the same device.
  const again = await cli(third, "iam", "ANA", MAC, "--json");
  const ana = { person: "ANA", mac: MAC, conflict: ["Zé da Silva"] };
  assert.deepEqual(JSON.parse(again.stdout), ana, again.stderr);
  await trio.agreed();
  assert.equal((await people(first))?.length, 2);
  assert.equal(await third.write("DELETE", path("ána")), 204);
  await trio.agreed();
  for (const node of trio.nodes) {
    const owner = { mac: MAC, ip: null, last_seen_s: null };
    assert.deepEqual(await people(node), [
      { person: "Zé da Silva", in: false, since: null, devices: [owner] },
    ]);
  }
  const secret = await cli(first, "iam", "Ana", "da:a1:19:00:00:01");
  assert.match(secret.stdout, /private address/);
  assertFailed(await cli(first, "iam", "Ana"), 2, /a name and a MAC/);
  assertFailed(await cli(first, "iam", "Ana", "phone"), 1, /six pairs/);
  assertFailed(await cli(first, "iam", "\u0007", MAC), 1, /letters/);
  assertFailed(await cli(first, "iam", "--forget", "02:00:00:00:00:99"), 1, /nobody has/);
  assert.equal(await first.status("/v1/me"), 404);
});
