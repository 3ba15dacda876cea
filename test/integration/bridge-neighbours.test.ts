import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import test from "node:test";
import { createIpNeigh } from "../../firmware-bridge/src/ip-neigh.ts";
import type { NeighbourEvent } from "../../firmware-bridge/src/neighbour-watch.ts";
import { NeighbourWatch } from "../../firmware-bridge/src/neighbour-watch.ts";
import { systemTimers } from "../../firmware-bridge/src/timers.ts";
import { silentLog } from "../../src/base/log.ts";

const HERE = `wcb${process.pid}a`;
const THERE = `wcb${process.pid}b`;
const MAC_THERE = "02:77:63:00:00:02";

function ip(...words: string[]): void {
  execFileSync("ip", words, { stdio: "pipe" });
}

/** The first address that answers `ping` makes the kernel learn its MAC. */
function ping(address: string): void {
  execFileSync("ip", ["netns", "exec", HERE, "ping", "-c1", "-W3", address], { stdio: "pipe" });
}

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return "needs root, for network namespaces";
  for (const [command, flag] of [
    ["ip", "-V"],
    ["ping", "-V"],
  ] as const) {
    if (spawnSync(command, [flag]).status !== 0) return `needs the command ${command}`;
  }
  if (spawnSync("ip", ["netns", "add", HERE]).status !== 0) return "needs network namespaces";
  ip("netns", "del", HERE);
  return false;
}

function build(): void {
  ip("netns", "add", HERE);
  ip("netns", "add", THERE);
  const far = ["peer", "name", "far", "address", MAC_THERE, "netns", THERE];
  ip("link", "add", "near", "netns", HERE, "type", "veth", ...far);
  for (const [space, link, last] of [
    [HERE, "near", "1"],
    [THERE, "far", "2"],
  ] as const) {
    ip("-n", space, "addr", "add", `10.99.0.${last}/24`, "dev", link);
    ip("-n", space, "addr", "add", `fd99::${last}/64`, "dev", link, "nodad");
    ip("-n", space, "link", "set", "lo", "up");
    ip("-n", space, "link", "set", link, "up");
  }
}

async function until(condition: () => boolean, what: string, limitMs = 10_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("two hosts on a cable: MAC, IPv4, IPv6, a changed address", { skip: whyNot() }, async () => {
  let watch: NeighbourWatch | undefined;
  try {
    build();
    const read = createIpNeigh({ interfaces: [], log: silentLog, command: ["ip", "-n", HERE] });
    assert.deepEqual(await read(), []);
    const events: NeighbourEvent[] = [];
    watch = new NeighbourWatch({
      read,
      updateIntervalMs: 50,
      keepMs: 60_000,
      clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
      timers: systemTimers,
      log: silentLog,
    });
    watch.start({ tell: (event) => events.push(event) });
    const newest = () => {
      const event = events.at(-1);
      return event?.type === "seen" && event.mac === MAC_THERE
        ? event.addresses.map((address) => address.ip)
        : [];
    };
    // Not an exact list: a link-local address joins whenever the kernel asks for ours.
    const shows = (...ips: string[]) => ips.every((address) => newest().includes(address));

    ping("10.99.0.2");
    await until(() => shows("10.99.0.2"), "the IPv4 address");
    ping("fd99::2");
    await until(() => shows("10.99.0.2", "fd99::2"), "the IPv6 address");
    const table = (await read()).filter((entry) => entry.ip === "fd99::2");
    assert.equal(table.length, 1);
    assert.equal(table[0]?.mac, MAC_THERE);
    assert.equal(table[0]?.interface, "near");
    assert.ok((table[0]?.confirmedMs ?? Infinity) <= 5_000);

    ip("-n", THERE, "addr", "del", "10.99.0.2/24", "dev", "far");
    ip("-n", THERE, "addr", "add", "10.99.0.3/24", "dev", "far");
    ping("10.99.0.3");
    await until(() => shows("10.99.0.3"), "the changed address");
    assert.ok(spawnSync("ip", ["-n", HERE, "neigh", "flush", "to", "10.99.0.2"]).status === 0);
    await until(() => !newest().includes("10.99.0.2"), "the old address to go");

    const none = createIpNeigh({
      interfaces: ["wlan9"],
      log: silentLog,
      command: ["ip", "-n", HERE],
    });
    assert.deepEqual(await none(), []);
    assert.deepEqual(watch.health(), { state: "ok" });
  } finally {
    await watch?.stop();
    for (const space of [HERE, THERE]) spawnSync("ip", ["netns", "del", space]);
  }
});

test("a table that can't be read rejects in one line; no ip command is no crash", async () => {
  const broken = createIpNeigh({ interfaces: [], log: silentLog, command: ["false"] });
  await assert.rejects(broken(), /^Error: ip neigh failed: /);
  const missing = ["/nowhere/ip"] as const;
  const bare = createIpNeigh({ interfaces: [], log: silentLog, command: missing });
  assert.ok(Array.isArray(await bare()));
  const procArpPath = "/nowhere/arp";
  const nothing = createIpNeigh({ interfaces: [], log: silentLog, command: missing, procArpPath });
  await assert.rejects(nothing(), /install iproute2/);
});
