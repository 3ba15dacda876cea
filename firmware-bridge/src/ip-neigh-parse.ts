import { SECOND_MS } from "../../src/base/time.ts";
import { deviceIp, deviceMac } from "./canonical-address.ts";
import type { Neighbour } from "./neighbour.ts";

/** Entries looked at in one reading of the table. The kernel's own gc_thresh3 is 1024 a family. */
export const NEIGHBOURS_COUNT_MAX = 8_192;

/**
 * States in which the kernel has had proof of the device. The rest (PERMANENT, NOARP, FAILED,
 * INCOMPLETE, NONE) is what somebody typed, or a question without an answer.
 */
const PROVEN_STATES = new Set(["REACHABLE", "DELAY", "PROBE", "STALE"]);

/** Which interfaces count: all but loopback where the list is empty. */
export type InterfaceList = readonly string[];

/** Devices in the answer of `ip -s -json neigh show` (iproute2). Never throws. */
export function parseIpNeigh(answer: unknown, interfaces: InterfaceList): Neighbour[] {
  if (!Array.isArray(answer)) return [];
  const found: Neighbour[] = [];
  for (const entry of answer.slice(0, NEIGHBOURS_COUNT_MAX)) {
    const neighbour = parseEntry(entry, interfaces);
    if (neighbour !== undefined) found.push(neighbour);
  }
  return found;
}

function parseEntry(entry: unknown, interfaces: InterfaceList): Neighbour | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { dst, dev, lladdr, confirmed, state } = entry as Readonly<Record<string, unknown>>;
  if (typeof dst !== "string" || typeof dev !== "string" || typeof lladdr !== "string") {
    return undefined;
  }
  if (!Array.isArray(state) || !state.some((name) => PROVEN_STATES.has(name))) return undefined;
  if (typeof confirmed !== "number" || !Number.isFinite(confirmed) || confirmed < 0) {
    return undefined;
  }
  return neighbourOf(dst, lladdr, dev, confirmed * SECOND_MS, interfaces);
}

/** The flag of a complete entry, ATF_COM, and of one that somebody typed, ATF_PERM. */
const COMPLETE_FLAG = 0x2;
const PERMANENT_FLAG = 0x4;

/**
 * Devices in /proc/net/arp: IPv4 alone, and without ages, so that each counts as just confirmed.
 * Never throws.
 */
export function parseProcArp(text: string, interfaces: InterfaceList): Neighbour[] {
  const found: Neighbour[] = [];
  for (const line of text.split("\n").slice(1, NEIGHBOURS_COUNT_MAX)) {
    const [ip, , flagText, mac, , dev] = line.trim().split(/\s+/);
    if (ip === undefined || mac === undefined || dev === undefined) continue;
    const flags = Number(flagText);
    if ((flags & COMPLETE_FLAG) === 0 || (flags & PERMANENT_FLAG) !== 0) continue;
    const neighbour = neighbourOf(ip, mac, dev, 0, interfaces);
    if (neighbour !== undefined) found.push(neighbour);
  }
  return found;
}

function neighbourOf(
  dst: string,
  lladdr: string,
  dev: string,
  confirmedMs: number,
  interfaces: InterfaceList,
): Neighbour | undefined {
  if (interfaces.length === 0 ? dev === "lo" : !interfaces.includes(dev)) return undefined;
  const mac = deviceMac(lladdr);
  const ip = deviceIp(dst);
  if (mac === undefined || ip === undefined) return undefined;
  return { mac, ip, interface: dev, confirmedMs };
}
