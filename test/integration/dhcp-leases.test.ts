import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { DeviceDocument, PersonDocument } from "../../src/api/types.ts";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { until } from "./lan.ts";
import { freePorts, NodeProcess } from "./node-process.ts";

const PHONE = "3c:22:fb:01:02:03";
const LAPTOP = "3c:22:fb:01:02:04";
const SHOWN_MS_MAX = 30_000;
/** Where Debian's dnsmasq has its leases; the node sees a folder of the test there. */
const PLACE = "/var/lib/misc";
const OWN_MOUNTS = ["unshare", "--mount", "--", "sh", "-c"];

function whyNot(): string | false {
  const [command = "", ...args] = [...OWN_MOUNTS, `mount --bind /tmp ${PLACE}`];
  const done = spawnSync(command, args, { stdio: "ignore" });
  return done.status === 0 ? false : `needs root, and ${PLACE}, for a mount of its own`;
}

test("a node beside dnsmasq: renewals are signs of life, names go with claimed devices", {
  skip: whyNot(),
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-dhcp-"));
  const leases = join(folder, "leases");
  mkdirSync(leases);
  const put = (...lines: string[]) =>
    writeFileSync(join(leases, "dnsmasq.leases"), lines.map((line) => `${line}\n`).join(""));
  const phone = (expiry: number) => `${expiry} ${PHONE} 10.0.0.9 anas-phone 01:${PHONE}`;
  const laptop = `2000 ${LAPTOP} 10.0.0.10 bobs-laptop *`;
  put(phone(1000), laptop);

  const [meshPort = 0] = await freePorts(1);
  const secretFile = join(folder, "mesh.secret");
  writeFileSync(secretFile, generateKeyPem(), { mode: 0o600 });
  const node = new NodeProcess({
    name: "pi",
    data: join(folder, "data"),
    secretFile,
    meshPort,
    peerPorts: [],
    sensors: [],
    prefix: [...OWN_MOUNTS, `mount --bind ${leases} ${PLACE} && exec "$@"`, "sh"],
    // No interface has that name: what is seen comes from the leases.
    more: { neighbours: { record: "registered", update_interval: "1s", interfaces: ["none0"] } },
  });
  context.after(async () => {
    await node.end("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  node.start();
  const claimed = async (person: string, mac: string) =>
    (await node.write("PUT", `/v1/people/${person}/devices/${mac}`)) === 204;
  await until(() => claimed("Ana", PHONE), SHOWN_MS_MAX, "the node takes a claim");
  assert.ok(await claimed("Bob", LAPTOP));
  const network = async () => (await node.get<DeviceDocument[]>("/v1/network")) ?? [];

  // The node has read the file once when a lease shows that is renewed again and again.
  let expiry = 3000;
  const third = () => `${expiry} 3c:22:fb:01:02:05 10.0.0.11 * *`;
  assert.ok(await claimed("Eve", "3c:22:fb:01:02:05"));
  await until(
    async () => {
      expiry += 60;
      put(phone(1000), laptop, third());
      return (await network()).some(({ ip }) => ip === "10.0.0.11");
    },
    SHOWN_MS_MAX,
    "a new lease",
  );
  assert.equal((await network()).length, 1, "what stood there before is no sign of life");

  put(phone(4600), laptop, third());
  await until(async () => (await network()).length === 2, SHOWN_MS_MAX, "a renewed lease");
  const found = (await network()).find(({ mac }) => mac === PHONE);
  assert.deepEqual([found?.ip, found?.hostname, found?.person], ["10.0.0.9", "anas-phone", "Ana"]);
  const people = await node.get<PersonDocument[]>("/v1/people");
  const inside = people?.filter((one) => one.in).map(({ person }) => person);
  assert.deepEqual(inside, ["Ana", "Eve"]);
  await node.write("DELETE", `/v1/people/Ana/devices/${PHONE}`);
  assert.ok(!(await network()).some(({ hostname }) => hostname !== undefined));
});
