import { readFileSync } from "node:fs";
import { BlockList, isIP, isIPv4 } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";

/** One address of one network interface on which neighbours may be found. */
export interface Segment {
  /** Tells an interface made anew from its former self, also under the same name and address. */
  readonly key: string;
  readonly name: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  /** The interface's own subnets, of both families. */
  readonly subnets: BlockList;
}

/** Segments at once. A Pi has two to four; a machine full of containers has many more. */
export const SEGMENTS_MAX = 8;

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * Where to announce and to listen now: every interface that is up, for each IPv4 address and for
 * one IPv6 link-local address. Loopback counts only where it is named, or is all there is.
 */
export function scanSegments(
  wanted: readonly string[],
  interfaces: Interfaces = networkInterfaces(),
): readonly Segment[] {
  const found: Segment[] = [];
  const loopback: Segment[] = [];
  for (const [name, infos = []] of Object.entries(interfaces)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const [subnets, index] = [subnetsOf(infos), interfaceIndex(name)];
    const linkLocal = infos.find(isLinkLocal);
    for (const info of infos) {
      const { family, address, internal } = info;
      if (family === "IPv6" && info !== linkLocal) continue;
      const segment = { key: `${name} ${index} ${address}`, name, family, address, subnets };
      (internal && !wanted.includes(name) ? loopback : found).push(segment);
    }
  }
  return (found.length > 0 ? found : loopback).slice(0, SEGMENTS_MAX);
}

/** The subnets of all given addresses. */
export function subnetsOf(infos: readonly NetworkInterfaceInfo[]): BlockList {
  const subnets = new BlockList();
  for (const { cidr, address, family } of infos) {
    const prefix = Number(cidr?.split("/")[1]);
    if (Number.isInteger(prefix)) {
      subnets.addSubnet(address, prefix, family === "IPv4" ? "ipv4" : "ipv6");
    }
  }
  return subnets;
}

/** Whether an address, without a zone, lies in one of the subnets. */
export function isWithin(subnets: BlockList, address: string): boolean {
  if (isIP(address) === 0) return false;
  return subnets.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

const linkLocalNet = new BlockList();
linkLocalNet.addSubnet("fe80::", 10, "ipv6");

/** Whether an address, without a zone, is an IPv6 link-local one (RFC 4291, section 2.5.6). */
export function isLinkLocalAddress(address: string): boolean {
  return isIP(address) === 6 && linkLocalNet.check(address, "ipv6");
}

/**
 * Whether a packet came from this very segment. Linux hands a multicast packet to every socket of
 * its port, whichever interface it came in on, and RFC 6762, section 11 asks for the check anyway.
 */
export function cameFrom(segment: Segment, source: string): boolean {
  const [address = "", zone] = source.split("%");
  if (segment.family === "IPv4") return isIPv4(address) && isWithin(segment.subnets, address);
  return isLinkLocalAddress(address) && zone === segment.name;
}

/** Whether who listens on `host` is reached at an address. A name may stand for any address. */
export function listensAt(host: string, address: string): boolean {
  if (host === "::" || isIP(host) === 0) return true;
  if (host === "0.0.0.0") return isIPv4(address);
  return host.split("%")[0] === address;
}

function isLinkLocal({ family, address }: NetworkInterfaceInfo): boolean {
  return family === "IPv6" && isLinkLocalAddress(address);
}

function interfaceIndex(name: string): string {
  try {
    return readFileSync(`/sys/class/net/${name}/ifindex`, "utf8").trim();
  } catch {
    return "?";
  }
}
