import assert from "node:assert/strict";
import test from "node:test";
import type { MeshDocument, RoomDocument, RoomTargetDocument } from "../../src/api/types.ts";
import { type Host, Lan, lanMissing, until } from "./lan.ts";

/** What starting or meeting again may take on a loaded machine. */
const MEET_MS_MAX = 60_000;
const missing = lanMissing();

const digest = (host: Host) => host.get<MeshDocument>("/v1/mesh")?.digest;

async function agreed(hosts: readonly Host[]): Promise<void> {
  await until(
    () => {
      const meshes = hosts.map((host) => host.get<MeshDocument>("/v1/mesh"));
      return meshes.every((one) => one?.nodes === hosts.length && one.digest === meshes[0]?.digest);
    },
    MEET_MS_MAX,
    "all hold the same",
  );
}

function lab(host: Host) {
  const target = host.get<RoomDocument>("/v1/rooms/lab")?.targets.temperature;
  return target && [target.value, target.by, target.concurrent.map(({ value }) => value)];
}

test("an office that was cut agrees on what people set on both sides", {
  skip: missing,
}, async (context) => {
  const lan = new Lan([undefined, undefined, "+12y"]);
  context.after(() => lan.remove());
  const [one, two, ahead] = lan.hosts as [Host, Host, Host];
  for (const host of lan.hosts) host.start();
  await agreed(lan.hosts);
  const put = (host: Host, value: number) =>
    assert.equal(host.send("PUT", "/v1/targets/lab/temperature", { value }).status, "200");

  put(ahead, 30);
  await agreed(lan.hosts);
  const at = one.get<RoomTargetDocument>("/v1/targets/lab/temperature")?.at ?? "";
  assert.ok(Number.parseInt(at, 10) >= new Date().getUTCFullYear() + 11, at);
  put(one, 18);
  await agreed(lan.hosts);
  for (const host of lan.hosts) assert.deepEqual(lab(host), [18, "pi-0", []]);

  two.plug("br1");
  put(one, 20);
  put(two, 25);
  put(two, 24);
  await until(() => lab(ahead)?.[0] === 20, MEET_MS_MAX, "the near half goes on");
  assert.deepEqual(lab(two), [24, "pi-1", []]);
  two.plug("br0");
  await until(() => digest(one) === digest(two), MEET_MS_MAX, "the halves meet");
  await agreed(lan.hosts);
  for (const host of lan.hosts) assert.deepEqual(lab(host), [24, "pi-1", [20]]);

  put(one, 21);
  await agreed(lan.hosts);
  for (const host of lan.hosts) assert.deepEqual(lab(host), [21, "pi-0", []]);
});
