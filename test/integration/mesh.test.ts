import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import type {
  DeviceDocument,
  MeshDocument,
  NodeDocument,
  ReadingDocument,
} from "../../src/api/types.ts";
import { fakeTimeMissing, type Host, Lan, lanMissing, until } from "./lan.ts";

const CUT_MS = Number(process.env.CUT_MS ?? 60_000);

const digests = (hosts: readonly Host[]) =>
  hosts.map((host) => host.get<MeshDocument>("/v1/mesh")?.digest ?? host.name);
const agree = (hosts: readonly Host[]) => new Set(digests(hosts)).size === 1;
const alive = (host: Host) =>
  (host.get<NodeDocument[]>("/v1/nodes") ?? []).filter(({ state }) => state === "alive").length;
const value = (host: Host, node: number) =>
  host
    .get<ReadingDocument[]>("/v1/readings?kind=temperature")
    ?.find(({ sensor }) => sensor === `pi-${node}/box`)?.value;

const skip = lanMissing() || fakeTimeMissing();

test("8 nodes in 8 network namespaces, found by mDNS alone", { skip }, async (t) => {
  // One lives in 2038, one in 2020; neither may trouble the others.
  const clocks = Array.from({ length: 8 }, (_, at) =>
    at === 6 ? "@2038-01-19 03:00:00" : at === 7 ? "@2020-02-02 02:02:02" : undefined,
  );
  const lan = new Lan(clocks);
  const { hosts } = lan;
  const [first] = hosts as [Host];
  t.after(() => lan.remove());

  await t.test("all list 8 nodes alive with one digest within 15 s", async () => {
    for (const host of hosts) host.start();
    const tookMs = await until(
      () => hosts.every((host) => alive(host) === 8) && agree(hosts),
      15_000,
      "8 alive, one digest",
    );
    console.log(`# together after ${Math.round(tookMs)} ms`);
  });

  await t.test("every node knows the true MAC and IP of the others", async () => {
    const truth = hosts.map((host) => `${host.mac()} ${host.address}`);
    const known = (host: Host) =>
      (host.get<DeviceDocument[]>("/v1/network") ?? []).flatMap(({ mac, ips }) =>
        ips.map((address) => `${mac} ${address}`),
      );
    await until(
      () => hosts.every((host) => truth.every((line) => known(host).includes(line))),
      15_000,
      "the MAC-to-IP map",
    );
  });

  await t.test("a pushed reading is on all 8 well under a second", async () => {
    assert.equal(first.push(21.5), "202");
    const tookMs = await until(
      () => hosts.every((host) => value(host, 0) === 21.5),
      1_000,
      "the reading on all",
    );
    console.log(`# on all 8 after ${Math.round(tookMs)} ms, asking included`);
  });

  await t.test("kill -9 of 4 of 8: the rest go on, the 4 come back as themselves", async () => {
    const dead = hosts.slice(4);
    const rest = hosts.slice(0, 4);
    const ids = dead.map((host) => host.get<MeshDocument>("/v1/mesh")?.self);
    for (const host of dead) host.push(30 + host.number);
    await until(() => agree(hosts), 5_000, "agreement before the kill");
    await Promise.all(dead.map((host) => host.kill("SIGKILL")));
    first.push(22.5);
    const tookMs = await until(
      () => rest.every((host) => value(host, 0) === 22.5) && agree(rest),
      10_000,
      "the rest converging",
    );
    console.log(`# the rest converge ${Math.round(tookMs)} ms after the kill`);
    for (const host of dead) host.start();
    await until(() => hosts.every((host) => alive(host) === 8) && agree(hosts), 30_000, "all back");
    assert.deepEqual(
      dead.map((host) => host.get<MeshDocument>("/v1/mesh")?.self),
      ids,
    );
    for (const host of dead) {
      const { number } = host;
      await until(() => value(first, number) === 30 + number, 5_000, `pi-${number}'s reading`);
    }
    const reused = hosts.map((host) => /equivocation/.test(host.text("/metrics")));
    assert.ok(!reused.includes(true), "a dot was used twice");
  });

  await t.test("cut in two for a minute, both halves go on, then they agree again", async () => {
    const [left, right] = [hosts.slice(0, 4), hosts.slice(4)];
    for (const host of right) host.plug("br1");
    const endMs = performance.now() + CUT_MS;
    await until(() => !agree(hosts) || performance.now() > endMs, CUT_MS, "the halves differing");
    hosts[1]?.push(11.5);
    hosts[5]?.push(15.5);
    await until(() => left.every((host) => value(host, 1) === 11.5), 20_000, "left goes on");
    await until(() => right.every((host) => value(host, 5) === 15.5), 20_000, "right goes on");
    await until(() => performance.now() > endMs, CUT_MS + 1_000, "the minute");
    for (const host of right) host.plug("br0");
    const tookMs = await until(
      () =>
        agree(hosts) && hosts.every((host) => value(host, 1) === 11.5 && value(host, 5) === 15.5),
      20_000,
      "agreement after the mend",
    );
    console.log(`# agree again ${Math.round(tookMs)} ms after the mend`);
  });

  await t.test("nobody erred or hung up because of a wrong clock", () => {
    for (const host of hosts) {
      assert.ok(host.isRunning, `${host.name} ended: ${host.log}`);
      assert.ok(!/^error/m.test(host.log), host.log);
    }
  });

  await t.test("memory of one node at rest is printed", () => {
    const kilobytes = hosts.map((host) => {
      const status = readFileSync(`/proc/${host.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    });
    const median = kilobytes.sort((left, right) => left - right)[4] ?? 0;
    console.log(`# memory of one node of 8 at rest: ${Math.round(median / 1024)} MB (median RSS)`);
    assert.ok(median > 0);
  });
});
