import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { isIPv4 } from "node:net";
import test from "node:test";
import type { DeviceDocument, MeshDocument, PersonDocument } from "../../src/api/types.ts";
import { turnAt } from "../../src/office/probing.ts";
import { type Host, Lan, lanMissing, until } from "./lan.ts";
import { countProbes, Device, makeSegment, plugIntoSegment, probesOf } from "./lan-devices.ts";

/** A look at the neighbour table each second, and what a loaded machine may take for the rest. */
const SHOWN_MS_MAX = 30_000;
const START_MS_MAX = 60_000;
const AWAY_MS = 14_000;
const TALK_MS = 3_000;

const PHONE = "3c:22:fb:01:02:03";
const LAPTOP = "3c:22:fb:01:02:04";
const SEGMENT_A = "sega";
const SEGMENT_B = "segb";

function whyNot(): string | false {
  const tools = ["nft", "ping", "sysctl", "faketime"].filter(
    (tool) => spawnSync(tool, ["--version"]).error !== undefined,
  );
  return tools.length > 0 ? `needs ${tools.join(", ")}` : lanMissing();
}

/** Two Pis in one segment, one of them years ahead, and one in another; all three in one mesh. */
function build(): Lan {
  const lan = new Lan([undefined, "+12y", undefined], {
    neighbours: { update_interval: "1s", interfaces: ["seg0"] },
    presence: { away_after: `${AWAY_MS / 1_000}s` },
  });
  for (const segment of [SEGMENT_A, SEGMENT_B]) makeSegment(segment);
  const [first, second, third] = lan.hosts as [Host, Host, Host];
  plugIntoSegment(first, SEGMENT_A, ["10.78.1.1/24", "fd78:1::1/64"]);
  plugIntoSegment(second, SEGMENT_A, ["10.78.1.2/24", "fd78:1::2/64"]);
  plugIntoSegment(third, SEGMENT_B, ["10.78.2.3/24", "fd78:2::3/64"]);
  return lan;
}

const ipsOn = (host: Host, mac: string) =>
  host.get<DeviceDocument[]>("/v1/network")?.find((device) => device.mac === mac)?.ips ?? [];

/** Waits until all nodes show a device that talks at these addresses, and at none of the others. */
function shown(
  lan: Lan,
  { mac }: Device,
  now: readonly string[],
  talk: () => void,
  not: readonly string[] = [],
) {
  let talkedAtMs = -Infinity;
  const right = (host: Host) => {
    const ips = ipsOn(host, mac);
    const isCurrent = (address: string) =>
      ips.find((other) => isIPv4(other) === isIPv4(address)) === address;
    return now.every(isCurrent) && !not.some((address) => ips.includes(address));
  };
  const what = () => lan.hosts.map((host) => ipsOn(host, mac).join()).join(" | ");
  const holds = () => {
    // A packet may be lost; devices talk again.
    if (performance.now() - talkedAtMs > TALK_MS) {
      talk();
      talkedAtMs = performance.now();
    }
    return lan.hosts.every(right);
  };
  return until(holds, SHOWN_MS_MAX, `${mac} at ${now}`).catch((error) => {
    throw new Error(`${error.message}: ${what()}`);
  });
}

const isIn = (host: Host, name: string) => personOn(host, name)?.in;
const personOn = (host: Host, name: string) =>
  host.get<PersonDocument[]>("/v1/people")?.find(({ person }) => person === name);

test("devices come, move, take each other's addresses, sleep and leave: all nodes are right", {
  skip: whyNot(),
}, async (context) => {
  const lan = build();
  context.after(() => lan.remove());
  const [first, second, third] = lan.hosts as [Host, Host, Host];
  const phone = new Device("phone", PHONE);
  const laptop = new Device("laptop", LAPTOP);
  for (const host of lan.hosts) host.start();
  await until(
    () => lan.hosts.every((host) => host.get<MeshDocument>("/v1/mesh")?.nodes === 3),
    START_MS_MAX,
    "all know all",
  );
  const took = async (what: string, waiting: Promise<number>) =>
    context.diagnostic(`${what}: shown on all after ${Math.round(await waiting)} ms`);

  const old = ["10.78.1.50", "fd78:1::50"];
  const own = ["10.78.1.51", "fd78:1::51"];
  const away = ["10.78.2.50", "fd78:2::50"];
  const toFirst = () => phone.talk("10.78.1.1", "fd78:1::1");

  phone.join(SEGMENT_A, ["10.78.1.50/24", "fd78:1::50/64"]);
  await took("appears", shown(lan, phone, old, toFirst));
  assert.equal(first.send("PUT", `/v1/people/Ana/devices/${PHONE}`).status, "204");
  assert.equal(second.send("PUT", `/v1/people/Bob/devices/${LAPTOP}`).status, "204");
  phone.join(SEGMENT_A, ["10.78.1.51/24", "fd78:1::51/64"]);
  await took("changes its IP", shown(lan, phone, own, toFirst));
  phone.join(SEGMENT_B, ["10.78.2.50/24", "fd78:2::50/64"]);
  await took(
    "roams",
    shown(lan, phone, away, () => phone.talk("10.78.2.3", "fd78:2::3")),
  );
  phone.join(SEGMENT_A, ["10.78.1.51/24", "fd78:1::51/64"]);
  await took("roams back", shown(lan, phone, own, toFirst));
  laptop.join(SEGMENT_A, ["10.78.1.50/24", "fd78:1::50/64"]);
  const toSecond = () => laptop.talk("10.78.1.2", "fd78:1::2");
  await took("another takes its old IP", shown(lan, laptop, old, toSecond));
  await shown(lan, phone, own, toFirst, old);

  const sinceMs = async () => {
    const both = (host: Host) => isIn(host, "Ana") && isIn(host, "Bob");
    await until(() => lan.hosts.every((host) => both(host) === true), SHOWN_MS_MAX, "both are in");
    return Date.parse(personOn(first, "Ana")?.since ?? "");
  };
  const before = await sinceMs();
  await first.kill("SIGTERM");
  first.start();
  const movedMs = Math.abs((await sinceMs()) - before);
  assert.ok(movedMs < 5_000, `a restart moved "since" by ${movedMs} ms`);

  // The phone sleeps from here on, and the laptop leaves.
  for (const host of [first, second]) countProbes(host, old);
  laptop.leave();
  const began = performance.now();
  const isOver = () => {
    for (const host of lan.hosts) {
      const ana = personOn(host, "Ana");
      assert.ok(ana === undefined || ana.in, `${host.name}: Ana left ${JSON.stringify(ana)}`);
    }
    if (performance.now() - began < AWAY_MS * 1.2) return false;
    return lan.hosts.every((host) => isIn(host, "Ana") && isIn(host, "Bob") === false);
  };
  await until(isOver, AWAY_MS + SHOWN_MS_MAX, "Bob is away, Ana is not");
  const probes = [probesOf(first), probesOf(second)] as const;
  context.diagnostic(`asked after the laptop: ${probes.join(" and ")} times`);
  const total = probes[0] + probes[1];
  // It may have been silent for a few seconds when it left.
  const turns = (turnAt(performance.now() - began + 6_000, AWAY_MS) ?? 0) + 1;
  assert.ok(total >= 1 && total <= turns, `${total} probes in ${turns} turns`);
  assert.ok(!third.log.includes("Ana"), "a name in a log");
});
