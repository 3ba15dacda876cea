import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { GrantDocument } from "../../src/api/types.ts";
import { assertFailed, type Ended, run } from "./cli-harness.ts";
import { until } from "./lan.ts";
import type { NodeProcess } from "./node-process.ts";
import { MEET_MS_MAX, Trio } from "./office-trio.ts";

const TARGET = ["target", "kitchen", "temperature"];

interface Made extends GrantDocument {
  readonly link: string;
  readonly token: string;
}

test("a grant of one node works on all until any takes it back", async (context) => {
  const trio = await Trio.start(context);
  const [first, second, third] = trio.nodes as [NodeProcess, NodeProcess, NodeProcess];
  const cli = (node: NodeProcess, ...args: string[]) => run([...args, "--node", node.api ?? ""]);
  const made = async (...args: string[]): Promise<Made> => {
    const done = await cli(first, "grant", ...args, "--json");
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
  };

  const kitchen = await made("--can", "target", "--room", "kitchen", "--name", "Ana");
  assert.match(kitchen.link, /^http:\/\/127\.0\.0\.1:\d+\/#grant=[\w-]{43}$/);
  assert.ok(Date.parse(kitchen.expires ?? "") > Date.now() + 6 * 86_400_000);
  const lasting = await made("--can", "everything", "--expires", "never");
  assert.equal(lasting.expires, null);
  const secret = kitchen.token.split(".")[0] ?? "";
  assert.ok(!(await first.text("/v1/grants")).includes(secret), "nobody else has the key");

  // The token carries all that proves it: no node needs to have heard of the grant.
  const as = (made: Made, node: NodeProcess, ...args: string[]): Promise<Ended> =>
    cli(node, ...args, "--token", made.token);
  const set = await as(kitchen, second, ...TARGET, "20.5");
  assert.equal(set.code, 0, set.stderr);
  assertFailed(await as(kitchen, second, "target", "lab", "temperature", "20"), 77, /not for this/);
  assertFailed(await as(kitchen, second, "iam", "Eve", "3c:22:fb:01:02:03"), 77, /not for this/);
  const file = join(trio.folder, "token");
  writeFileSync(file, `${lasting.token}\n`);
  const cleared = await cli(second, ...TARGET, "--clear", "--token", `@${file}`);
  assert.equal(cleared.code, 0, cleared.stderr);
  assertFailed(await cli(second, ...TARGET, "20", "--token", "x"), 2, /watercooler grant/);
  assertFailed(await cli(second, ...TARGET, "20", "--token", "@/none"), 2, /can't read the token/);

  await trio.agreed();
  for (const node of trio.nodes) {
    const listed = await node.get<GrantDocument[]>("/v1/grants");
    assert.deepEqual(listed?.map(({ id }) => id).sort(), [kitchen.id, lasting.id].sort());
  }
  const words = await cli(third, "grant", "--list");
  assert.match(words.stdout, /Ana may set targets in kitchen until \d{4}-/);
  assert.match(words.stdout, /somebody may do everything$/m);

  await second.end("SIGTERM");
  const back = await cli(first, "revoke", kitchen.id.slice(-8));
  assert.equal(back.code, 0, back.stderr);
  const dead = async (node: NodeProcess) =>
    /taken back/.test((await as(kitchen, node, ...TARGET, "21")).stderr);
  const tookMs = await until(() => dead(third), MEET_MS_MAX, "the third node knows");
  context.diagnostic(`dead on another node ${Math.round(tookMs)} ms after revoke, asking included`);
  assertFailed(await as(kitchen, first, ...TARGET, "21"), 77, /taken back/);
  // Whoever holds everything may grant and take back from afar; on the node that was off too.
  second.start();
  await trio.agreed();
  assertFailed(await as(kitchen, second, ...TARGET, "21"), 77, /taken back/);
  const afar = await as(lasting, second, "grant", "--can", "push", "--json");
  assert.equal(afar.code, 0, afar.stderr);
  const { id } = JSON.parse(afar.stdout) as Made;
  assert.equal((await as(lasting, second, "revoke", id)).code, 0);
  assertFailed(await as(lasting, second, "revoke", id), 1, /no grant has that id/);
  assert.equal((await cli(third, "revoke", lasting.id)).code, 0);
  assertFailed(await as(lasting, third, ...TARGET, "20"), 77, /taken back/);

  const shown = await cli(first, "grant", "--can", "read-people");
  assert.match(shown.stdout, /may read what names people until/);
  assert.match(shown.stdout, /[▀▄█]{8}/);
  assertFailed(await cli(first, "grant"), 2, /--can, or --list/);
  assertFailed(await cli(first, "grant", "--can", "fly"), 2, /Allowed choices are target/);
  assertFailed(await cli(first, "grant", "--can", "push", "--room", "lab"), 1, /targets only/);
  assertFailed(await cli(first, "grant", "--can", "push", "--expires", "soon"), 2, /no span/);
});
