import assert from "node:assert/strict";
import { createPrivateKey, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { grantText } from "../../src/api/grant-text.ts";
import type {
  InvitationDocument,
  MembershipDocument,
  PendingDocument,
} from "../../src/api/membership-types.ts";
import type { MeshDocument } from "../../src/api/types.ts";
import { identityFromPem } from "../../src/trust/identity.ts";
import { encodeInvitation } from "../../src/trust/invitation-code.ts";
import { readChain } from "../../src/trust/membership.ts";
import { readMembership } from "../../src/trust/membership-file.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import { containerText } from "../../src/ucan/container.ts";
import { delegate } from "../../src/ucan/delegation.ts";
import { identityOfSeed } from "../unit/ucan-principals.ts";
import { assertFailed, run } from "./cli-harness.ts";
import {
  agree,
  cli,
  invite,
  type Joining,
  joiningNode,
  joinWith,
  STEP_MS_MAX,
  up,
} from "./joining-nodes.ts";
import { until } from "./lan.ts";
import { freePorts, type NodeProcess } from "./node-process.ts";

/** From the issue: a link to whoever was put out is gone within this. */
const LINK_GONE_MS_MAX = 10_000;

const folder = mkdtempSync(join(tmpdir(), "watercooler-joining-"));
const nodeAt = (...plan: Joining) => joiningNode(folder, ...plan);

/** What a thief of a node's card has: its key and what lets it in; also passed on to another. */
function stolenFrom({ plan: { data } }: NodeProcess): { own: string; passedOn: string } {
  const identity = identityFromPem(readFileSync(join(data, "identity.pem"), "utf8"));
  const membership = readMembership(data);
  assert.ok(identity.ok && membership.ok && membership.value);
  const { mesh, credential } = membership.value;
  const crypto = createUcanCrypto();
  const chain = readChain(credential, crypto) ?? [];
  const { d = "" } = createPrivateKey(identity.value.privateKeyPem).export({ format: "jwk" });
  const seed = randomBytes(32);
  const link = delegate(
    {
      issuer: identity.value,
      audience: identityOfSeed(seed.toString("hex")).id,
      subject: mesh,
      command: "/",
      expiration: null,
      nonce: new Uint8Array(),
    },
    crypto,
  );
  return {
    own: grantText(new Uint8Array(Buffer.from(d, "base64url")), containerText(chain)),
    passedOn: grantText(new Uint8Array(seed), containerText([...chain, link])),
  };
}

test("a mesh grows by invitations and knocks, and puts out who has to go", async (t) => {
  const [portA = 0, portB = 0, portC = 0, portD = 0, portE = 0] = await freePorts(5);
  const a = nodeAt("a", portA);
  const b = nodeAt("b", portB, [portA]);
  const d = nodeAt("d", portD, [portC]);
  const e = nodeAt("e", portE, [portC]);
  const running: NodeProcess[] = [a, b, d, e];
  t.after(async () => {
    await Promise.all(running.map((node) => node.end("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });

  await t.test("the first makes a mesh; its root key stays until it is taken away", async () => {
    await up(a);
    const config = ["--config", `${a.plan.data}.yaml`];
    const key = join(a.plan.data, "mesh-root-key.txt");
    assert.equal(statSync(key).mode & 0o777, 0o600);
    const shown = await run(["root-key", ...config]);
    assert.match(shown.stdout, /^ {4}([0-9A-Z]{5}-){10}[0-9A-Z]{5}$/m);
    assert.equal(readFileSync(key, "utf8").trim(), /(\S{5}-){10}\S{5}/.exec(shown.stdout)?.[0]);
    assert.equal((await run(["root-key", "--remove", ...config])).code, 0);
    assert.ok(!readdirSync(a.plan.data).includes("mesh-root-key.txt"));
    assert.doesNotMatch(a.log, /([0-9A-Z]{5}-){10}/);
  });

  await t.test("a second one joins with one command", async () => {
    // Its configuration has to be there before it runs.
    b.prepare();
    const { code } = await invite(a, "--admin");
    const joined = await joinWith(b, code.toLowerCase().replaceAll("-", " "), portA);
    assert.equal(joined.code, 0, joined.stderr);
    assert.match(joined.stdout, /^This node is in the mesh [0-9A-Z-]{14} now\.\n/);
    await up(b);
    await agree([a, b], "a,b");
    const own = await b.get<MembershipDocument>("/v1/membership");
    assert.equal(own?.power, "admin");
    assert.deepEqual(
      own?.admins.map(({ name, alive }) => [name, alive]),
      [
        ["a", true],
        ["b", true],
      ],
    );
  });

  await t.test("what opens nothing says so in one line", async () => {
    d.prepare();
    const slip = (await invite(a)).code.replace(/^./, (first) => (first === "7" ? "8" : "7"));
    assertFailed(await joinWith(d, slip, portA), 1, /has a slip in it: type it again/);
    assertFailed(await joinWith(d, "hello", portA), 1, /is no invitation code/);
    const late = await invite(a, "--expires", "1s");
    const isOver = async () => {
      const list = JSON.parse((await cli(a, "invite", "--list")).stdout) as InvitationDocument[];
      return list.find(({ id }) => id === late.id)?.state === "expired";
    };
    await until(isOver, STEP_MS_MAX, "it to expire");
    assertFailed(await joinWith(d, late.code, portA), 1, /has expired: make a new one/);
    const revoked = await invite(a);
    const taken = await cli(b, "invite", "--revoke", revoked.id);
    assert.equal(taken.code, 0, taken.stderr);
    await agree([a, b], "a,b");
    assertFailed(await joinWith(d, revoked.code, portA), 1, /was taken back: make a new one/);
    const twice = await invite(a, "--uses", "1", "--expires", "1h");
    const copy = nodeAt("copy", portE);
    copy.prepare();
    assert.equal((await joinWith(copy, twice.code, portA)).code, 0);
    assertFailed(await joinWith(d, twice.code, portA), 1, /is used up: make a new one/);
    assertFailed(await joinWith(copy, revoked.code, portA), 1, /is in that mesh, .+, already/);
    const list = JSON.parse((await cli(b, "invite", "--list")).stdout) as InvitationDocument[];
    const told = list.find(({ id }) => id === twice.id);
    assert.deepEqual([told?.used, told?.state, told?.code], [1, "used-up", undefined]);
    assert.doesNotMatch(JSON.stringify(list), new RegExp(twice.code));
  });

  await t.test("a code leads into no other mesh", async () => {
    const secret = new Uint8Array(16).fill(7);
    const foreign = encodeInvitation({ secret, meshTag: new Uint8Array(8).fill(9) });
    const failed = await joinWith(d, foreign, portA);
    assertFailed(failed, 1, /the nodes found are of another mesh than the invitation/);
  });

  const card = await invite(b);
  const c = nodeAt("c", portC, [portA, portB], { invite: card.code });
  running.push(c);

  await t.test("a card with an invitation needs no command", async () => {
    await up(c);
    await agree([a, b, c], "a,b,c");
  });

  const target = (node: NodeProcess, token: string) =>
    cli(node, "target", "kitchen", "temperature", "21", "--token", token);
  const grant = async (node: NodeProcess): Promise<string> => {
    const made = await cli(node, "grant", "--can", "target");
    assert.equal(made.code, 0, made.stderr);
    return JSON.parse(made.stdout).token;
  };
  let granted = "";
  let stolen = { own: "", passedOn: "" };

  await t.test("an admin's grants work everywhere, who was only let in makes none", async () => {
    granted = await grant(a);
    stolen = stolenFrom(a);
    for (const token of [granted, stolen.own, stolen.passedOn]) {
      const set = await target(c, token);
      assert.equal(set.code, 0, set.stderr);
    }
    assertFailed(await cli(c, "grant", "--can", "target"), 77, /was let in and no more/);
    assertFailed(await target(b, stolenFrom(c).own), 77, /not for this/);
  });

  await t.test("the first node's loss loses nothing: another admin lets in", async () => {
    await a.end("SIGKILL");
    rmSync(a.plan.data, { recursive: true });
    const self = (await b.get<MeshDocument>("/v1/mesh"))?.self;
    const linked = async () =>
      (await c.get<MeshDocument>("/v1/mesh"))?.links.some(({ id }) => id === self) === true;
    await until(linked, STEP_MS_MAX, "the two that are left to meet");
    // It asks the one that may not let it in, which passes that on.
    const { code } = await invite(b);
    const joined = await joinWith(d, code, portC);
    assert.equal(joined.code, 0, joined.stderr);
    await up(d);
    const forgot = await cli(b, "forget", "a");
    assert.equal(forgot.code, 0, forgot.stderr);
    assert.deepEqual(JSON.parse(forgot.stdout).kept.includes("b"), true);
    await agree([b, c, d], "b,c,d");
  });

  await t.test("with the key of a node that was put out nobody writes any more", async () => {
    assertFailed(await target(c, stolen.own), 77, /put out of the mesh/);
    assertFailed(await target(c, stolen.passedOn), 77, /taken back/);
    // What it had granted for all to see stays, and so do the powers of those whom it let in.
    assert.equal((await target(c, granted)).code, 0);
    assert.equal((await target(c, await grant(b))).code, 0);
  });

  await t.test("who knocks is seen everywhere, and let in where somebody may", async () => {
    e.start();
    const waits = async (node: NodeProcess) =>
      (await node.get<PendingDocument[]>("/v1/pending"))?.find(({ name }) => name === "e");
    for (const node of [b, c, d]) {
      await until(async () => (await waits(node)) !== undefined, STEP_MS_MAX, "e to be seen");
    }
    const { fingerprint = "", seen_by } = (await waits(b)) ?? {};
    assert.deepEqual(seen_by, ["c"]);
    const told = await run(["status", "--node", d.api ?? ""]);
    assert.match(told.stdout, new RegExp(`watercooler admit ${fingerprint}`));
    assert.match(e.log, new RegExp(`watercooler admit ${fingerprint}`));
    const may = await cli(c, "admit", fingerprint);
    assertFailed({ ...may, stdout: "" }, 77, /this node may not let others in .*: ask b$/m);
    assert.equal((await cli(b, "admit", fingerprint)).code, 0);
    await until(async () => (await e.status("/v1/node")) === 200, STEP_MS_MAX, "e to be in");
    await agree([b, c, d, e], "b,c,d,e");
    assert.equal(await waits(b), undefined);
  });

  await t.test("who is put out is gone within seconds, and for good", async () => {
    await c.end("SIGTERM");
    const gone = (await d.get<MeshDocument>("/v1/mesh"))?.self;
    assert.ok(gone);
    assert.equal((await cli(b, "forget", "d")).code, 0);
    const cut = async () => {
      const meshes = await Promise.all([b, e].map((node) => node.get<MeshDocument>("/v1/mesh")));
      return meshes.every((mesh) => mesh?.links.every(({ id }) => id !== gone) === true);
    };
    const tookMs = await until(cut, STEP_MS_MAX, "no link to it");
    assert.ok(tookMs < LINK_GONE_MS_MAX, `${tookMs} ms`);
    await until(() => /was put out of the mesh/.test(d.log), STEP_MS_MAX, "its own word");
    assert.equal(await d.push("box", 21), 409);
    assert.match(await d.text("/v1/health"), /this node was put out of the mesh: run watercooler/);
    await d.end("SIGTERM");
    // One that was off meanwhile still holds all that it wrote.
    await up(c);
    await agree([b, c, e], "b,c,e");
    d.start();
    await until(() => !d.isRunning, STEP_MS_MAX, "it does not start again");
    assert.match(d.log, /^watercooler: this node was put out of the mesh: run watercooler rekey/m);
    assert.equal(d.exitCode, 77, "so that systemd does not try it again for ever");
    await agree([b, c, e], "b,c,e");
  });

  await t.test("with a new identity it may come again", async () => {
    const config = ["--config", `${d.plan.data}.yaml`];
    const busy = await run(["rekey", "--config", `${c.plan.data}.yaml`]);
    assertFailed(busy, 1, /the node runs: stop it first/);
    assert.equal((await run(["rekey", ...config])).code, 0);
    const { code } = await invite(b);
    assert.equal((await joinWith(d, code, portC)).code, 0);
    await up(d);
    await agree([b, c, d, e], "b,c,d,e");
  });
});
