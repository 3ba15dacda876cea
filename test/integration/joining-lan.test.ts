import assert from "node:assert/strict";
import test from "node:test";
import type { MembershipDocument, PendingDocument } from "../../src/api/membership-types.ts";
import type { NodeDocument } from "../../src/api/types.ts";
import { type Host, Lan, lanMissing, until } from "./lan.ts";

/** What any step may take on a loaded machine; the first node looks around for 5 s. */
const STEP_MS_MAX = 60_000;

test("on a LAN a Pi joins with one command, and one that is just started knocks", {
  skip: lanMissing(),
}, async (t) => {
  const lan = new Lan([undefined, undefined, undefined], { neighbours: { record: "none" } });
  const [first, second, third] = lan.hosts as [Host, Host, Host];
  for (const host of lan.hosts) host.membership = "own";
  t.after(() => lan.remove());
  const mesh = (host: Host) => host.get<MembershipDocument>("/v1/membership")?.mesh;
  const known = (host: Host) => host.get<NodeDocument[]>("/v1/nodes")?.length ?? 0;

  first.start();
  await until(() => mesh(first) !== undefined, STEP_MS_MAX, "the first to make a mesh");

  const invited = first.cli("invite", "--json");
  assert.equal(invited.status, 0, invited.stderr);
  const { code } = JSON.parse(invited.stdout) as { code: string };
  // No address: DNS-SD finds the mesh whose tag is in the code.
  const joined = second.cli("join", code, "--config", second.configPath);
  assert.equal(joined.status, 0, joined.stderr);
  second.start();
  await until(() => known(first) === 2 && known(second) === 2, STEP_MS_MAX, "two of one mesh");
  assert.equal(mesh(second), mesh(first));

  third.start();
  const waits = () => second.get<PendingDocument[]>("/v1/pending")?.[0];
  await until(() => waits() !== undefined, STEP_MS_MAX, "the third to be seen");
  const { name, fingerprint = "", address } = waits() ?? {};
  assert.deepEqual([name, address], ["pi-2", third.address]);
  const admitted = first.cli("admit", fingerprint);
  assert.equal(admitted.status, 0, admitted.stderr);
  await until(() => lan.hosts.every((host) => known(host) === 3), STEP_MS_MAX, "three of one mesh");
  assert.equal(mesh(third), mesh(first));
});
