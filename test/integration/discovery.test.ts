import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import test from "node:test";
import type { NodeId } from "../../src/base/id.ts";
import { MINUTE_MS } from "../../src/base/time.ts";
import { fingerprintOf } from "../../src/link/discovery/records.ts";
import type { Hint } from "../../src/link/discovery-port.ts";
import { type HostProcess, ip, Lan, LIMIT_MS, until, whyNot } from "./discovery-lan.ts";

const skip = whyNot();
const TAG = "00112233aabbccdd";
const OTHER_TAG = "ffffffffffffffff";

/** Makes a LAN for one test, and removes it whatever happens. */
async function onLan(
  hosts: number,
  ipv6: "with" | "without",
  body: (lan: Lan) => Promise<void>,
): Promise<void> {
  const lan = new Lan(hosts, { ipv6 });
  try {
    await body(lan);
  } finally {
    lan.remove();
  }
}

function says(id: string, address: string, source: Hint["source"] = "dns-sd") {
  return (hint: Hint) =>
    hint.id === id && hint.source === source && hint.addresses.some((each) => each === address);
}

/** Waits until every host heard of every other, at the address given for it. */
async function allFind(hosts: readonly (readonly [HostProcess, string])[]): Promise<void> {
  for (const [host] of hosts) {
    for (const [other, address] of hosts) {
      if (other === host) continue;
      const id = await other.started();
      await host.hint(says(id, address), `a hint of ${address}`);
    }
  }
}

test(
  "no default route: three hosts find each other; garbage and another mesh don't matter",
  {
    skip,
  },
  () =>
    onLan(3, "without", async (lan) => {
      for (const at of [0, 1, 2]) lan.address("add", at, `10.77.0.${at + 1}/24`);
      const garbage = `
      const { createSocket } = require("node:dgram");
      const { randomBytes } = require("node:crypto");
      const socket = createSocket({ type: "udp4", reuseAddr: true });
      socket.bind(5353, () => {
        socket.setMulticastInterface("10.77.0.3");
        let left = 300;
        const send = () => {
          if (left-- === 0) return socket.close();
          const bytes = randomBytes(1 + (left % 200));
          // A plausible head for most, so that the records are reached.
          if (left % 4 > 0) Buffer.from("000084000000000100000000", "hex").copy(bytes);
          socket.send(bytes, 5353, "224.0.0.251", send);
        };
        send();
      });`;
      const hosts = [0, 1].map((at) => lan.run(at, "auto", `${7000 + at}`, TAG));
      const stranger = lan.run(2, "auto", "7002", OTHER_TAG);
      await Promise.all([...hosts, stranger].map((host) => host.started()));
      const shower = spawnSync("ip", [
        "netns",
        "exec",
        lan.space(2),
        process.execPath,
        "-e",
        garbage,
      ]);
      assert.equal(shower.status, 0, String(shower.stderr));
      const third = lan.run(2, "auto", "7003", TAG);
      const [first, second] = hosts as [HostProcess, HostProcess];
      await allFind([
        [first, "10.77.0.1:7000"],
        [second, "10.77.0.2:7001"],
        [third, "10.77.0.3:7003"],
      ]);
      const strange = await stranger.started();
      for (const host of [first, second, third]) {
        const isStrange = host.of("hint").some(({ id }) => id === strange);
        assert.equal(isStrange, false, "another mesh's node was hinted at");
        assert.equal((await host.state()).at(-1)?.state, "working");
      }
      assert.match((await first.state()).at(-1)?.detail ?? "", /eth0 IPv4; \d+ malformed/);
    }),
);

test("a goodbye makes a hint be forgotten, a silent end does not", { skip }, () =>
  onLan(3, "without", async (lan) => {
    for (const at of [0, 1, 2]) lan.address("add", at, `10.77.0.${at + 1}/24`);
    const [first, polite, killed] = [0, 1, 2].map((at) => lan.run(at, "auto", "7946", TAG)) as [
      HostProcess,
      HostProcess,
      HostProcess,
    ];
    await allFind([
      [first, "10.77.0.1:7946"],
      [polite, "10.77.0.2:7946"],
      [killed, "10.77.0.3:7946"],
    ]);
    await polite.stop();
    killed.child.kill("SIGKILL");
    await first.state();
    const from = first.lines.length;
    first.say("refresh");
    const ghost = await killed.started();
    await first.hint(says(ghost, "10.77.0.3:7946"), "the known hint again", from);
    await first.state();
    const gone = await polite.started();
    const again = first.lines.slice(from).filter((line) => line.type === "hint");
    assert.deepEqual(
      again.filter(({ id }) => id === gone),
      [],
      "the node that said goodbye was hinted at again",
    );
  }),
);

test("IPv6 alone: link-local addresses with the zone they were heard on", { skip }, () =>
  onLan(3, "with", async (lan) => {
    const hosts = [0, 1, 2].map((at) => lan.run(at, "auto", "7946", TAG));
    await allFind(
      hosts.map((host, at) => [host, `[fe80::77:63ff:fe64:${at + 1}%eth0]:7946`] as const),
    );
  }),
);

test("a NIC deleted and made anew under the same address", { skip }, () =>
  onLan(3, "with", async (lan) => {
    for (const at of [0, 1, 2]) lan.address("add", at, `10.77.0.${at + 1}/24`);
    const replugged = lan.run(0, "auto", "7946", TAG);
    const steady = lan.run(1, "auto", "7946", TAG);
    await allFind([
      [replugged, "10.77.0.1:7946"],
      [steady, "10.77.0.2:7946"],
    ]);
    lan.unplug(0);
    lan.plugIn(0);
    lan.address("add", 0, "10.77.0.1/24");
    // A node that comes only now is what the sockets of the former NIC would never hear.
    const late = lan.run(2, "auto", "7946", TAG);
    const lateAddress = "[fe80::77:63ff:fe64:3%eth0]:7946";
    await replugged.hint(says(await late.started(), "10.77.0.3:7946"), "IPv4 on the new NIC");
    await replugged.hint(says(await late.started(), lateAddress), "IPv6 on the new NIC");
    await late.hint(says(await replugged.started(), "10.77.0.1:7946"), "the replugged host");
  }),
);

test("an address that comes late, and one that changes", { skip }, () =>
  onLan(2, "without", async (lan) => {
    lan.address("add", 0, "10.77.0.1/24");
    const steady = lan.run(0, "auto", "7946", TAG);
    const mover = lan.run(1, "auto", "7946", TAG);
    const id = await mover.started();
    assert.equal((await mover.state()).at(-1)?.state, "blind");
    lan.address("add", 1, "10.77.0.2/24");
    await allFind([
      [steady, "10.77.0.1:7946"],
      [mover, "10.77.0.2:7946"],
    ]);
    lan.address("del", 1, "10.77.0.2/24");
    lan.address("add", 1, "10.77.0.22/24");
    await steady.hint(says(id, "10.77.0.22:7946"), "the new address");
  }),
);

test("loopback alone: two nodes on one machine without a network", { skip }, () =>
  onLan(1, "without", async (lan) => {
    ip("-n", lan.space(0), "link", "del", "eth0");
    ip("-n", lan.space(0), "link", "set", "lo", "up");
    const [first, second] = ["7001", "7002"].map((port) => lan.run(0, "auto", port, TAG)) as [
      HostProcess,
      HostProcess,
    ];
    await allFind([
      [first, "127.0.0.1:7001"],
      [second, "127.0.0.1:7002"],
    ]);
  }),
);

test("a host on two LANs gives each link-local hint the zone of its own NIC", { skip }, () =>
  onLan(2, "with", async (lan) => {
    const { bridge, far } = { bridge: lan.space(1), far: lan.space(0) };
    // A second cable between the two hosts, beside the bridge.
    const peer = ["peer", "name", "eth1", "netns", bridge];
    ip("link", "add", "eth1", "netns", far, "type", "veth", ...peer);
    for (const space of [bridge, far]) ip("-n", space, "link", "set", "eth1", "up");
    const [first, second] = [0, 1].map((at) => lan.run(at, "auto", "7946", TAG)) as [
      HostProcess,
      HostProcess,
    ];
    const id = await second.started();
    const last = (zone: string) => (hint: Hint) =>
      hint.id === id && hint.addresses.some((each) => each.includes(`%${zone}]`));
    await first.hint(last("eth0"), "eth0");
    await first.hint(last("eth1"), "eth1");
    const all = new Set(first.of("hint").flatMap(({ addresses }) => addresses));
    assert.equal(all.size, 2, `each NIC's address once, with its own zone: ${[...all]}`);
  }),
);

const additions = (host: HostProcess) =>
  host.of("log").filter(({ message }) => message.startsWith("DNS-SD is added")).length;

test("libp2p's mDNS with a default route: peer ids become node ids", { skip }, () =>
  onLan(2, "with", async (lan) => {
    for (const at of [0, 1]) {
      lan.address("add", at, `10.77.0.${at + 1}/24`);
      ip("-n", lan.space(at), "route", "add", "default", "via", "10.77.0.254");
    }
    const hosts = [0, 1].map((at) => lan.run(at, "libp2p", "7946", TAG));
    const [first, second] = hosts as [HostProcess, HostProcess];
    await first.hint(says(await second.started(), "10.77.0.2:7946", "libp2p"), "the second");
    await second.hint(says(await first.started(), "10.77.0.1:7946", "libp2p"), "the first");
    const sources = (await first.state()).map(({ source, state }) => `${source} ${state}`);
    assert.deepEqual(sources, ["configured off", "libp2p working"]);
  }),
);

const libp2pAlone = () =>
  onLan(2, "without", async (lan) => {
    for (const at of [0, 1]) lan.address("add", at, `10.77.0.${at + 1}/24`);
    ip("-n", lan.space(0), "route", "add", "default", "via", "10.77.0.254");
    const first = lan.run(0, "libp2p", "7946", TAG);
    const plain = lan.run(1, "dns-sd", "7946", TAG);
    await first.hint(says(await plain.started(), "10.77.0.2:7946"), "DNS-SD to be added");
    assert.equal(additions(first), 1, "it is logged once");
  });

test("libp2p's mDNS without a default route says so, and DNS-SD is added", { skip }, () =>
  onLan(2, "without", async (lan) => {
    for (const at of [0, 1]) lan.address("add", at, `10.77.0.${at + 1}/24`);
    const hosts = [0, 1].map((at) => lan.run(at, "libp2p", "7946", TAG));
    await allFind(hosts.map((host, at) => [host, `10.77.0.${at + 1}:7946`] as const));
    const [, libp2p, dnsSd] = (await hosts[0]?.state()) ?? [];
    assert.equal(libp2p?.state, "blind");
    assert.match(libp2p?.detail ?? "", /default route/);
    assert.equal(dnsSd?.state, "working");
    for (const host of hosts) assert.equal(additions(host), 1, "it is logged once");
  }),
);

const skipAvahi = whyNot("avahi-daemon", "avahi-browse", "dbus-daemon", "nsenter");

test("avahi-browse resolves a node, also beside avahi on one host", { skip: skipAvahi }, () =>
  onLan(2, "with", async (lan) => {
    for (const at of [0, 1]) lan.address("add", at, `10.77.0.${at + 1}/24`);
    // "ip netns exec" has a mount namespace of its own: /run there is nobody else's.
    const script = `mount -t tmpfs none /run && mkdir -p /run/dbus && \
      dbus-daemon --system --fork --nopidfile && \
      exec avahi-daemon --no-drop-root --no-chroot --no-rlimits`;
    const words = ["netns", "exec", lan.space(1), "sh", "-c", script];
    const avahi = spawn("ip", words, { stdio: "ignore" });
    const hosts = [0, 1].map((at) => lan.run(at, "auto", `${7000 + at}`, TAG));
    const ids = await Promise.all(hosts.map((host) => host.started()));
    const browse = () => {
      const inside = ["-t", `${avahi.pid}`, "-m", "-n", "avahi-browse", "-rtp"];
      const args = [...inside, "_watercooler._tcp"];
      const { stdout } = spawnSync("nsenter", args, { encoding: "utf8", timeout: LIMIT_MS });
      return (stdout ?? "").split("\n").filter((line) => line.startsWith("="));
    };
    const isResolved = (lines: readonly string[], at: number) =>
      lines.some(
        (line) =>
          line.includes(
            `;${fingerprintOf(ids[at] as NodeId)}.local;10.77.0.${at + 1};${7000 + at};`,
          ) &&
          line.includes(`"id=${ids[at]}"`) &&
          line.includes(`"mesh=${TAG}"`),
      );
    await until(() => {
      const found = browse();
      const families = ["IPv4", "IPv6"].every((family) =>
        found.some((line) => line.includes(`;${family};`)),
      );
      return families && isResolved(found, 0) && isResolved(found, 1);
    }, "avahi to resolve both, over both families");
    await hosts[0]?.stop();
    await until(() => !isResolved(browse(), 0), "avahi to forget who said goodbye");
    assert.equal(isResolved(browse(), 1), true);
  }),
);

/**
 * 30 nodes on two families: three times what was measured; libp2p's mDNS sends 5,600 a minute on
 * one family alone, and the budget would let 7,800 by.
 */
const STORM_NODES = 30;
const STORM_MS = 15_000;
const STORM_PACKETS_A_MINUTE_MAX = 1_200;

const thirtyNodes = () =>
  onLan(2, "with", async (lan) => {
    lan.address("add", 0, "10.77.0.1/24");
    lan.address("add", 1, "10.77.0.2/24");
    const crowd = lan.run(0, "auto", "7946", TAG, `${STORM_NODES}`);
    const sent = () => {
      const path = "/sys/class/net/eth0/statistics/tx_packets";
      const words = ["netns", "exec", lan.space(0), "cat", path];
      return Number(spawnSync("ip", words, { encoding: "utf8" }).stdout);
    };
    const [beganMs, before] = [performance.now(), sent()];
    await until(() => crowd.of("started").length === STORM_NODES, "all to start");
    const isDone = () => performance.now() - beganMs > STORM_MS;
    await until(isDone, "the crowd to talk", STORM_MS + LIMIT_MS);
    const packets = sent() - before;
    const pairs = new Set(crowd.of("hint").map(({ self, id }) => `${self} ${id}`));
    const perMinute = Math.round((packets * MINUTE_MS) / STORM_MS);
    console.log(`# ${STORM_NODES} nodes that start, IPv4 and IPv6: ${perMinute} packets a minute`);
    assert.equal(pairs.size, STORM_NODES * (STORM_NODES - 1), "everybody knows everybody");
    assert.ok(packets > STORM_NODES, `they did talk: ${packets}`);
    assert.ok(perMinute < STORM_PACKETS_A_MINUTE_MAX, `${perMinute} packets a minute`);
    const newcomer = lan.run(1, "auto", "7946", TAG);
    await until(() => newcomer.of("hint").length >= STORM_NODES, "a newcomer to hear of all");
  });

test("what takes its time, side by side", { skip, concurrency: 2 }, (t) =>
  Promise.all([
    t.test("30 nodes that start at once make no storm", thirtyNodes),
    t.test("libp2p with a default route, but alone: DNS-SD is added in time", libp2pAlone),
  ]).then(() => undefined),
);

test("the namespaces of these tests are gone", { skip }, () => {
  const names = spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout;
  assert.equal(names.includes(`wcd${process.pid}`), false, names);
});
