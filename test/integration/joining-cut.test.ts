import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type {
  InvitationDocument,
  MembershipDocument,
  PendingDocument,
} from "../../src/api/membership-types.ts";
import { assertFailed, run } from "./cli-harness.ts";
import { agree, cli, invite, joiningNode, joinWith, STEP_MS_MAX, up } from "./joining-nodes.ts";
import { until } from "./lan.ts";
import { freePorts, type NodeProcess } from "./node-process.ts";

const invitations = async (node: NodeProcess) =>
  JSON.parse((await cli(node, "invite", "--list")).stdout) as InvitationDocument[];
const waiting = async (node: NodeProcess) =>
  (await node.get<PendingDocument[]>("/v1/pending"))?.map(({ name }) => name).join();

test("two admins apart let in, and one mesh comes of it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-joining-cut-"));
  const [portA = 0, portB = 0, portC = 0, portD = 0, portE = 0, portF = 0] = await freePorts(6);
  const a = joiningNode(folder, "a", portA);
  const b = joiningNode(folder, "b", portB, [portA]);
  const c = joiningNode(folder, "c", portC, [portA]);
  const d = joiningNode(folder, "d", portD, [portB]);
  const e = joiningNode(folder, "e", portE, [portA]);
  const f = joiningNode(folder, "f", portF);
  t.after(async () => {
    await Promise.all([a, b, c, d, e, f].map((node) => node.end("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });

  await t.test("an invitation of one use lets in one on each side, and says so", async () => {
    for (const node of [b, c, d]) node.prepare();
    await up(a);
    assert.equal((await joinWith(b, (await invite(a, "--admin")).code, portA)).code, 0);
    await up(b);
    const { code, id } = await invite(a, "--uses", "1");
    await agree([a, b], "a,b");
    assert.ok((await invitations(b)).some((one) => one.id === id));
    // Never both at once: neither hears what the other does.
    await b.end("SIGTERM");
    assert.equal((await joinWith(c, code, portA)).code, 0);
    assert.equal((await invitations(a)).find((one) => one.id === id)?.used, 1);
    await a.end("SIGTERM");
    await up(b);
    const second = await joinWith(d, code, portB);
    assert.equal(second.code, 0, second.stderr);
    assert.equal((await invitations(b)).find((one) => one.id === id)?.used, 1);
    await Promise.all([a, c, d].map(up));
    await agree([a, b, c, d], "a,b,c,d");
    for (const node of [a, b, c, d]) {
      const told = await run(["invite", "--list", "--node", node.api ?? ""]);
      assert.match(told.stdout, new RegExp(`${id}.* 2 of 1 `));
    }
  });

  await t.test("who is sent away waits nowhere any more, and is not in", async () => {
    e.start();
    await until(async () => (await waiting(b)) === "e", STEP_MS_MAX, "e to be seen");
    const [{ fingerprint = "" } = {}] = (await b.get<PendingDocument[]>("/v1/pending")) ?? [];
    const both = await cli(b, "admit", fingerprint, "--refuse", "--admin");
    assertFailed(both, 2, /give --admin or --refuse, not both/);
    const plain = await cli(c, "admit", fingerprint, "--refuse");
    assertFailed(
      { ...plain, stdout: "" },
      77,
      /may not let others in or put them out: ask [ab], [ab]/,
    );
    const sent = await cli(b, "admit", fingerprint, "--refuse");
    assert.equal(sent.code, 0, sent.stderr);
    assert.deepEqual(JSON.parse(sent.stdout), { node: fingerprint, state: "refused" });
    for (const node of [a, b, c, d]) {
      await until(async () => (await waiting(node)) === "", STEP_MS_MAX, "nobody to wait");
    }
    const late = await cli(b, "admit", fingerprint);
    assertFailed({ ...late, stdout: "" }, 1, /nobody waits under/);
    await agree([a, b, c, d], "a,b,c,d");
    assert.equal(await e.status("/v1/node"), 0);
    await e.end("SIGTERM");
  });

  await t.test("a node leaves its own mesh for another only where told to", async () => {
    await up(f);
    assert.equal(await f.push("box", 21), 202);
    const own = await f.get<MembershipDocument>("/v1/membership");
    const { code } = await invite(a);
    const stays = await joinWith(f, code, portA);
    assertFailed(stays, 1, /is in the mesh [0-9A-Z-]{14}: add --leave to leave it/);
    assertFailed(await joinWith(f, code, portA, "--leave"), 1, /the node runs: stop it first/);
    await f.end("SIGTERM");
    const left = await joinWith(f, code, portA, "--leave");
    assert.equal(left.code, 0, left.stderr);
    // It was told of no peer: it finds those who let it in.
    await up(f);
    await agree([a, b, c, d, f], "a,b,c,d,f");
    const [now, theirs] = await Promise.all(
      [f, a].map((node) => node.get<MembershipDocument>("/v1/membership")),
    );
    assert.equal(now?.mesh, theirs?.mesh);
    assert.notEqual(now?.mesh, own?.mesh);
    assert.equal(now?.power, "member");
  });
});
