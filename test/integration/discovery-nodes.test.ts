import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { BlockList } from "node:net";
import { createInterface } from "node:readline";
import test from "node:test";
import { type Answer, encode } from "dns-packet";
import { keyOfNodeId, type NodeId, nodeIdOfKey } from "../../src/base/id.ts";
import { recordsOf } from "../../src/link/discovery/records.ts";
import { identityFromPem } from "../../src/trust/identity.ts";
import { type Daemon, Daemons } from "./discovery-daemon.ts";
import { ip, Lan, LIMIT_MS, until, whyNot } from "./discovery-lan.ts";

const skip = whyNot("curl", "nft");

async function onLan(
  hosts: number,
  ipv6: "with" | "without",
  body: (lan: Lan, daemons: Daemons) => Promise<void>,
): Promise<void> {
  const lan = new Lan(hosts, { ipv6 });
  const daemons = new Daemons(lan);
  try {
    for (let at = 0; at < hosts; at++) {
      ip("-n", lan.space(at), "link", "set", "lo", "up");
      if (ipv6 === "without") lan.address("add", at, `10.77.0.${at + 1}/24`);
    }
    await body(lan, daemons);
  } finally {
    lan.remove();
    daemons.remove();
  }
}

/** Waits until each is the other's neighbour. Gives the milliseconds from the call on. */
async function meet(one: Daemon, other: Daemon, limitMs = LIMIT_MS): Promise<number> {
  const beganMs = performance.now();
  const [oneId, otherId] = [await one.id(), await other.id()];
  const areNeighbours = () =>
    one.mesh()?.active.includes(otherId) && other.mesh()?.active.includes(oneId);
  await until(areNeighbours, `neighbours\n${one.log}\n${other.log}`, limitMs);
  return performance.now() - beganMs;
}

/** A host that counts who connects to port 9999, and then sends mDNS packets given in hex. */
const FORGER = `
const { createServer } = require("node:net");
const { createSocket } = require("node:dgram");
const [, address, ...packets] = process.argv;
const server = createServer((socket) => {
  console.log(socket.remoteAddress);
  socket.on("error", () => {});
  socket.destroy();
});
server.listen(9999, address, () => {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.bind(5353, () => {
    socket.setMulticastInterface(address);
    const next = () => {
      const packet = packets.shift();
      if (packet !== undefined) socket.send(Buffer.from(packet, "hex"), 5353, "224.0.0.251", next);
    };
    next();
  });
});`;

/** A node's packet as anybody may forge it; a time to live of 0 makes it a goodbye. */
function forged(id: NodeId, address: string, port: number, meshTag: string, ttl: number): string {
  const own = { key: "", name: "eth0", family: "IPv4" as const, address };
  const announcement = { id, port, host: "::", meshTag, version: 1 };
  const records = recordsOf(announcement, { ...own, subnets: new BlockList() });
  const answers = records.map((record) => ({ ...record, ttl }) as Answer);
  return encode({ type: "response", answers }).toString("hex");
}

/** Without a budget the overlay would dial three or four times in it. */
const WATCHED_MS = 8_000;

const forgery = () =>
  onLan(3, "without", async (lan, daemons) => {
    const [one, other] = [daemons.start(0), daemons.start(1)];
    await meet(one, other);
    const ids = [await one.id(), await other.id()] as NodeId[];
    const root = identityFromPem(daemons.secretPem);
    assert.ok(root.ok);
    const key = keyOfNodeId(root.value.id) ?? new Uint8Array();
    const tag = Buffer.from(key.subarray(0, 8)).toString("hex");
    const stranger = nodeIdOfKey(new Uint8Array(32).fill(9));
    // Crossed dials may still replace one link by the other; that is no loss.
    const lost = (daemon: Daemon) =>
      daemon.text("/metrics").match(/^watercooler_links_lost_total\{reason="(?!replaced).*/gm);
    const lostBefore = [one, other].map(lost);
    const packets = [
      ...ids.map((id, at) => forged(id, `10.77.0.${at + 1}`, 7946, tag, 0)),
      forged(stranger, "10.77.0.3", 9999, tag, 120),
    ];
    const words = ["exec", lan.space(2), process.execPath, "-e", FORGER, "10.77.0.3", ...packets];
    const forger = spawn("ip", ["netns", ...words], { stdio: ["ignore", "pipe", "inherit"] });
    const callers: string[] = [];
    createInterface({ input: forger.stdout }).on("line", (line) => callers.push(line));
    // The hint came after the goodbyes on one socket: who dials it has heard them all.
    const areHere = () => ["10.77.0.1", "10.77.0.2"].every((host) => callers.includes(host));
    await until(areHere, "both to try the forged hint");
    const beganMs = performance.now();
    await until(() => performance.now() - beganMs > WATCHED_MS, "more dials", LIMIT_MS);
    console.log(`# dials of a forged hint in ${WATCHED_MS} ms: ${callers.join(", ")}`);
    assert.deepEqual([...callers].sort(), ["10.77.0.1", "10.77.0.2"]);
    for (const [at, daemon] of [one, other].entries()) {
      assert.deepEqual(daemon.mesh()?.active, [ids[1 - at]]);
    }
    assert.deepEqual([one, other].map(lost), lostBefore);
  });

const newAddress = () =>
  onLan(2, "without", async (lan, daemons) => {
    const [steady, mover] = [daemons.start(0), daemons.start(1)];
    await meet(steady, mover);
    const id = await mover.id();
    const beganMs = performance.now();
    lan.address("del", 1, "10.77.0.2/24");
    lan.address("add", 1, "10.77.0.22/24");
    const isBack = () => {
      const mesh = steady.mesh();
      const link = mesh?.links.find((each) => each.id === id);
      return link?.address.startsWith("10.77.0.22:") && mesh?.active.includes(id);
    };
    await until(isBack, `the mover\n${steady.log}\n${mover.log}`, 2 * LIMIT_MS);
    const tookMs = Math.round(performance.now() - beganMs);
    console.log(`# back ${tookMs} ms after the address changed`);
    assert.ok(tookMs < 15_000, `${tookMs} ms`);
    for (const { log } of [steady, mover]) assert.doesNotMatch(log, /clone|identity/);
  });

const ipv6Alone = () =>
  onLan(3, "with", async (_lan, daemons) => {
    const [one, other] = [0, 1].map((at) => daemons.start(at, { listen: "[::]:7946" })) as [
      Daemon,
      Daemon,
    ];
    await meet(one, other);
    const deaf = daemons.start(2);
    await meet(deaf, one);
    const said = (daemon: Daemon) => JSON.stringify(daemon.get<object>("/v1/health"));
    assert.match(said(deaf), /mesh\.listen has 0\.0\.0\.0/);
    assert.match(said(one), /sees the network/);
  });

const withoutMdns = () =>
  onLan(2, "without", async (lan, daemons) => {
    for (const at of [0, 1]) {
      const nft = (...words: string[]) => ip("netns", "exec", lan.space(at), "nft", ...words);
      nft("add", "table", "inet", "quiet");
      nft("add chain inet quiet out { type filter hook output priority 0; }");
      nft("add rule inet quiet out udp dport 5353 drop");
    }
    const steady = daemons.start(0);
    await steady.id();
    const asked = daemons.start(1, { peers: ["10.77.0.1:7946"] });
    const configuredMs = await meet(steady, asked);
    await asked.stop();
    const again = daemons.start(1);
    const rememberedMs = await meet(steady, again);
    const took = [configuredMs, rememberedMs].map(Math.round);
    console.log(`# configured peers met in ${took[0]} ms, remembered ones in ${took[1]} ms`);
    assert.ok(configuredMs < 10_000 && rememberedMs < 10_000, `${took}`);
  });

test("whole nodes, two LANs at a time", { skip, concurrency: 2 }, (t) =>
  Promise.all([
    t.test("forged goodbyes drop no neighbour, a forged hint is dialled once", forgery),
    t.test("an address that changes under a node: the same node, back within 15 s", newAddress),
    t.test("IPv6 alone: nodes meet, and one that listens on IPv4 alone says so", ipv6Alone),
    t.test("mDNS blocked: configured peers, then remembered ones, within 10 s", withoutMdns),
  ]).then(() => undefined),
);
