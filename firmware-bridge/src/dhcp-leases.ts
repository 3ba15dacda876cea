import { deviceIp, deviceMac } from "./canonical-address.ts";

/** What a DHCP server knows of a device. */
export interface Lease {
  readonly mac: string;
  readonly ip: string;
  readonly hostname: string | undefined;
  /** Moves with each renewal; in seconds by the server's clock, and good for comparing alone. */
  readonly termS: number;
}

/** Leases looked at in one file. A /20 is full with fewer. A guess. */
export const LEASES_COUNT_MAX = 4_096;

/**
 * dnsmasq's file, also Pi-hole's and NetworkManager's: `EXPIRY MAC IP NAME CLIENT-ID` a line, as
 * `lease_update_file` in its lease.c writes it. IPv6 lines have no MAC. A line without its end is
 * being written. Never throws.
 */
export function parseDnsmasqLeases(text: string): Lease[] {
  const found: Lease[] = [];
  for (const line of text.split("\n").slice(0, -1).slice(0, LEASES_COUNT_MAX)) {
    const [expiry = "", link = "", ip = "", name = ""] = line.trim().split(/\s+/);
    if (!/^\d{1,12}$/.test(expiry)) continue;
    // The hardware's type stands before the address where it is not Ethernet's.
    const lease = leaseOf(link.replace(/^01-/, ""), ip, name, Number(expiry));
    if (lease !== undefined) found.push(lease);
  }
  return found;
}

/**
 * A block of dhcpd.leases(5); the last one of an address is the one that holds. A client's id is
 * quoted as the bytes are, so that it may have braces in it.
 */
const ISC_LEASE = /^lease\s+(\S+)\s*\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}/gm;

/** ISC dhcpd's file. A block without its end is being written. Never throws. */
export function parseIscLeases(text: string): Lease[] {
  const byIp = new Map<string, Lease | undefined>();
  for (const [, ip = "", body = ""] of text.matchAll(ISC_LEASE)) {
    // Only blanks before a word: a search over line ends takes the square of their number.
    const said = (pattern: RegExp) => pattern.exec(body)?.[1] ?? "";
    const isActive = said(/^[ \t]*binding state (\w+);/m) === "active";
    const mac = said(/^[ \t]*hardware ethernet ([0-9a-f:]+);/im);
    const name = said(/^[ \t]*client-hostname "([^"]*)";/m);
    const terms = ["starts", "ends", "cltt"].map((word) => iscTimeS(body, word));
    byIp.set(ip, isActive ? leaseOf(mac, ip, name, Math.max(...terms)) : undefined);
  }
  const held = [...byIp.values()].filter((lease) => lease !== undefined);
  return held.slice(-LEASES_COUNT_MAX);
}

/** `starts 4 2026/11/19 10:00:00;` or, with db-time-format local, `starts epoch 1795082400;`. */
function iscTimeS(body: string, word: string): number {
  const [, epoch] = new RegExp(`^[ \\t]*${word} epoch (\\d{1,12});`, "m").exec(body) ?? [];
  if (epoch !== undefined) return Number(epoch);
  const digits = "(\\d{4})/(\\d\\d)/(\\d\\d) (\\d\\d):(\\d\\d):(\\d\\d)";
  const date = new RegExp(`^[ \\t]*${word} \\d ${digits};`, "m");
  const [, ...parts] = date.exec(body) ?? [];
  const [year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000;
}

const MICROSECONDS = 1_000_000;
/** The type of Ethernet addresses (RFC 1700), also before the address in a client's id. */
const ETHERNET = 1;
const MAC_BYTES = 6;

/** systemd-networkd's file, JSON since version 256; it is written whole. Never throws. */
export function parseNetworkdLeases(text: string): Lease[] {
  const document = parseJson(text);
  const leases = isRecord(document) ? document.Leases : undefined;
  if (!Array.isArray(leases)) return [];
  return leases.slice(0, LEASES_COUNT_MAX).flatMap((entry: unknown) => {
    if (!isRecord(entry)) return [];
    const { HardwareAddress, ClientId, Address, Hostname } = entry;
    const [type, ...client] = bytesOf(ClientId);
    const mac = bytesOf(HardwareAddress ?? (type === ETHERNET ? client : []));
    const ip = bytesOf(Address).join(".");
    const { ExpirationUSec: boot, ExpirationRealtimeUSec: wall } = entry;
    // The first stays as it is between two renewals; the other is reckoned anew at each writing.
    const expiry = [boot, wall].find((said) => Number.isFinite(said)) ?? 0;
    if (mac.length !== MAC_BYTES) return [];
    const text = mac.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
    const name = typeof Hostname === "string" ? Hostname : "";
    return leaseOf(text, ip, name, Math.round(Number(expiry) / MICROSECONDS)) ?? [];
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function bytesOf(value: unknown): readonly number[] {
  const isByte = (one: unknown) => Number.isInteger(one) && Number(one) >= 0 && Number(one) < 256;
  return Array.isArray(value) && value.length <= 16 && value.every(isByte) ? value : [];
}

/** A host name without its domain, as RFC 1123 (section 2.1) has it; others are left out. */
const HOSTNAME = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

function leaseOf(link: string, address: string, name: string, termS: number): Lease | undefined {
  const [mac, ip] = [deviceMac(link), deviceIp(address)];
  if (mac === undefined || ip === undefined) return undefined;
  const [label = ""] = name.split(".");
  return { mac, ip, hostname: HOSTNAME.test(label) ? label : undefined, termS };
}
