import { execFileSync, spawnSync } from "node:child_process";
import { type Host, ip, PREFIX, SWITCH } from "./lan.ts";

/** A Pi's second cable, into a segment of its own, where `seg0` is its interface. */
export function plugIntoSegment(host: Host, segment: string, addresses: readonly string[]): void {
  const far = ["peer", "seg0", "netns", host.name];
  ip("link", "add", `seg${host.number}`, "netns", SWITCH, "type", "veth", ...far);
  for (const address of addresses) {
    ip("-n", host.name, "addr", "add", address, "dev", "seg0", "nodad");
  }
  ip("-n", host.name, "link", "set", "seg0", "up");
  ip("-n", SWITCH, "link", "set", `seg${host.number}`, "master", segment, "up");
  for (const family of ["ipv4", "ipv6"]) {
    // As a kernel would be hours later, in seconds: it takes nobody for reachable for half a minute.
    const of = `net.${family}.neigh.seg0`;
    const times = [`${of}.base_reachable_time_ms=1000`, `${of}.delay_first_probe_time=1`];
    execFileSync("ip", ["netns", "exec", host.name, "sysctl", "-qw", ...times]);
  }
}

/** A segment of the LAN: a switch of its own. */
export function makeSegment(name: string): void {
  ip("-n", SWITCH, "link", "add", name, "type", "bridge", "mcast_snooping", "0");
  ip("-n", SWITCH, "link", "set", name, "up");
}

/** A phone or a laptop: a namespace with a MAC and nothing running in it. */
export class Device {
  private readonly space: string;
  private readonly cable: string;

  constructor(
    name: string,
    readonly mac: string,
  ) {
    this.space = `${PREFIX}${name}`;
    this.cable = `dev-${name}`;
    ip("netns", "add", this.space);
    const far = ["peer", "eth0", "address", mac, "netns", this.space];
    ip("link", "add", this.cable, "netns", SWITCH, "type", "veth", ...far);
    ip("-n", this.space, "link", "set", "eth0", "up");
  }

  /** Comes to a segment with other addresses than before. */
  join(segment: string, addresses: readonly string[]): void {
    ip("-n", SWITCH, "link", "set", this.cable, "master", segment, "up");
    ip("-n", this.space, "addr", "flush", "dev", "eth0");
    for (const address of addresses) {
      ip("-n", this.space, "addr", "add", address, "dev", "eth0", "nodad");
    }
  }

  leave(): void {
    ip("-n", SWITCH, "link", "set", this.cable, "down");
  }

  /** Says something to an address, so that who has it learns of the device. */
  talk(...to: readonly string[]): void {
    for (const address of to) {
      spawnSync("ip", ["netns", "exec", this.space, "ping", "-c1", "-W1", address]);
    }
  }
}

const TABLE = ["inet", "probes"];

/** Counts, from now on, the questions that a Pi sends after addresses. */
export function countProbes(host: Host, addresses: readonly string[]): void {
  const chain = "{ type filter hook output priority 0 ; }";
  nft(host, "add", "table", ...TABLE);
  nft(host, "add", "chain", ...TABLE, "out", chain);
  for (const address of addresses) {
    const to = [address.includes(":") ? "ip6" : "ip", "daddr", address, "udp", "dport", "9"];
    nft(host, "add", "rule", ...TABLE, "out", ...to, "counter");
  }
}

export function probesOf(host: Host): number {
  const counted = nft(host, "list", "chain", ...TABLE, "out").matchAll(/packets (\d+)/g);
  return [...counted].reduce((sum, [, packets]) => sum + Number(packets), 0);
}

function nft(host: Host, ...words: readonly string[]): string {
  const all = ["netns", "exec", host.name, "nft", ...words];
  return execFileSync("ip", all, { encoding: "utf8" });
}
