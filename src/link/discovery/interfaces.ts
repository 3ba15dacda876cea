import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";

/** One address of one network interface on which neighbours may be found. */
export interface Segment {
  /** Tells an interface made anew from its former self, also under the same name and address. */
  readonly key: string;
  readonly name: string;
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  readonly netmask: string;
}

/** Segments at once: a Pi has two or three. */
export const SEGMENTS_MAX = 8;

/**
 * Where to announce and to listen now: every interface that is up, once for IPv4 and once for its
 * IPv6 link-local address. Loopback counts only where it is named, or is all there is.
 */
export function scanSegments(wanted: readonly string[]): readonly Segment[] {
  const found: Segment[] = [];
  const loopback: Segment[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const { family, address, netmask, internal } of addresses ?? []) {
      if (family === "IPv6" && !address.startsWith("fe80")) continue;
      const key = `${name} ${indexOf(name)} ${address}`;
      (internal ? loopback : found).push({ key, name, family, address, netmask });
    }
  }
  const usable = found.length > 0 ? found : loopback.filter(({ family }) => family === "IPv4");
  return usable.slice(0, SEGMENTS_MAX);
}

/** Whether an IPv4 address lies in the segment's own subnet. */
export function isOnSegment(segment: Segment, address: string): boolean {
  const [ours, theirs, mask] = [segment.address, address, segment.netmask].map(toNumber);
  if (ours === undefined || theirs === undefined || mask === undefined) return false;
  return (ours & mask) === (theirs & mask);
}

function toNumber(address: string): number | undefined {
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => (sum << 8) | part, 0);
}

function indexOf(name: string): string {
  try {
    return readFileSync(`/sys/class/net/${name}/ifindex`, "utf8").trim();
  } catch {
    return "?";
  }
}
