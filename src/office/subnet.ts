const IPV4_BITS = 32;
const IPV6_BITS = 128;
const IPV6_PARTS = 8;

interface Bits {
  readonly value: bigint;
  readonly length: number;
}

/**
 * Whether an address lies in a subnet as `10.0.8.0/22` or `2001:db8::/64` (RFC 4632, RFC 4291);
 * false where either is no such text, or they are of two families.
 */
export function isInSubnet(ip: string, subnet: string): boolean {
  const [network = "", prefix = ""] = subnet.split("/");
  const [address, own] = [bitsOf(ip), bitsOf(network)];
  if (address === undefined || own === undefined || !/^\d{1,3}$/.test(prefix)) return false;
  if (address.length !== own.length || Number(prefix) > own.length) return false;
  const shift = BigInt(own.length - Number(prefix));
  return address.value >> shift === own.value >> shift;
}

function bitsOf(ip: string): Bits | undefined {
  return ip.includes(":") ? ipv6Bits(ip.replace(/%.*$/, "")) : ipv4Bits(ip);
}

function ipv4Bits(ip: string): Bits | undefined {
  const parts = ip.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  const value = parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  return { value, length: IPV4_BITS };
}

/** Without the form that ends in an IPv4 address: devices are told without it. */
function ipv6Bits(ip: string): Bits | undefined {
  const halves = ip.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const [left = [], right = []] = halves;
  const zeros = IPV6_PARTS - left.length - right.length;
  if (halves.length > 2 || (halves.length === 2 ? zeros < 1 : zeros !== 0)) return undefined;
  const parts = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
  if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  const value = parts.reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
  return { value, length: IPV6_BITS };
}
