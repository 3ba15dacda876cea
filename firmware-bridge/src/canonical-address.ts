import { isIPv4, isIPv6 } from "node:net";

/**
 * One device's MAC in lower case with colons, or undefined where the text is none or names no
 * device: a multicast or broadcast address, or all zeros.
 */
export function deviceMac(text: string): string | undefined {
  const mac = text.toLowerCase().replaceAll("-", ":");
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(mac)) return undefined;
  // The lowest bit of the first byte marks a group address (IEEE 802).
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) return undefined;
  return mac === "00:00:00:00:00:00" ? undefined : mac;
}

/**
 * One device's address: dotted IPv4, or IPv6 as RFC 5952 writes it, without zone; an IPv4-mapped
 * one is IPv4. Undefined for multicast, broadcast, loopback, unspecified and what is no address.
 */
export function deviceIp(text: string): string | undefined {
  const bare = text.split("%", 1)[0] as string;
  if (isIPv4(bare)) return usableIpv4(bare);
  if (!isIPv6(bare)) return undefined;
  const canonical = canonicalIpv6(bare);
  if (canonical === "::" || canonical === "::1" || canonical.startsWith("ff")) return undefined;
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return canonical;
  const words = [mapped[1], mapped[2]].map((word) => Number.parseInt(word as string, 16));
  return usableIpv4(words.flatMap((word) => [word >> 8, word & 0xff]).join("."));
}

function usableIpv4(ip: string): string | undefined {
  const first = Number.parseInt(ip, 10);
  // 0/8 is "this network", 127/8 loopback, 224/4 multicast, 240/4 reserved with broadcast in it.
  return first === 0 || first === 127 || first >= 224 ? undefined : ip;
}

/** The URL standard's serializer follows RFC 5952. */
function canonicalIpv6(ip: string): string {
  return new URL(`http://[${ip}]/`).hostname.slice(1, -1);
}
