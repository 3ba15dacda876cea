import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isIP, isIPv4 } from "node:net";
import type { OwnNames } from "./own-names.ts";

/** The parts of a Host header, name in lower case, without brackets, zone and last dot. */
export interface Host {
  readonly name: string;
  readonly port: string;
}

/** A Host header's parts, or undefined where it is none that a browser or a script would send. */
export function parseHost(header: string): Host | undefined {
  const match = /^(?:\[([0-9a-f:.]+)(?:%[\w.-]+)?\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(header);
  if (match === null) return undefined;
  const [, address, name, port = ""] = match;
  if (address !== undefined) {
    return isIP(address) === 6 ? { name: canonicalAddress(address), port } : undefined;
  }
  return { name: (name ?? "").toLowerCase().replace(/\.$/, ""), port };
}

/**
 * True where a Host header names this machine.
 *
 * A page that had its own name resolve to a Pi (DNS rebinding) still sends that name as Host, so
 * this holds it off, whatever its Origin says. `extra` are the configured names.
 */
export function isOwnHost(header: string, own: OwnNames, extra: readonly string[]): boolean {
  const host = parseHost(header);
  if (host === undefined) return false;
  const { name } = host;
  if (name === "localhost" || isLoopback(name)) return true;
  if (extra.some((text) => canonicalName(text) === name)) return true;
  if (isIP(name) !== 0) return own.addresses.some((at) => canonicalAddress(at.address) === name);
  const [first = ""] = own.hostName.split(".");
  return [own.hostName, `${own.hostName}.local`, `${first}.local`].includes(name);
}

/**
 * True where a browser says that another site's page asks. A program sends neither header and is
 * let through: it has no user's trust to abuse.
 *
 * What was asked over HTTPS is for pages that came over it: one that came over HTTP may be
 * anybody's. Over HTTP both are taken, since a TLS proxy may stand before the node.
 */
export function isCrossSite(headers: IncomingHttpHeaders, over: Scheme = "http"): boolean {
  if (headers["sec-fetch-site"] === "cross-site") return true;
  const { origin, host } = headers;
  if (origin === undefined) return false;
  const match = /^(https?):\/\/([^/]+)$/i.exec(origin);
  if (over === "https" && match?.[1]?.toLowerCase() !== "https") return true;
  return match?.[2]?.toLowerCase() !== host?.toLowerCase();
}

export type Scheme = "http" | "https";

/** How a request came to this node. */
export function schemeOf({ socket }: IncomingMessage): Scheme {
  return "encrypted" in socket && socket.encrypted === true ? "https" : "http";
}

/** True for the node's own machine, the only one that writes without a capability. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = canonicalAddress(address);
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

/** One spelling for each address: RFC 5952, and IPv4 where IPv6 only wraps it. */
export function canonicalAddress(address: string): string {
  const [bare = ""] = address.toLowerCase().split("%");
  if (isIP(bare) !== 6) return bare;
  const text = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const wrapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text);
  if (wrapped === null) return text;
  const high = Number.parseInt(wrapped[1] ?? "", 16);
  const low = Number.parseInt(wrapped[2] ?? "", 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function canonicalName(configured: string): string {
  const bare = configured.trim().replace(/^\[(.*)\]$/, "$1");
  if (isIP(bare) !== 0) return canonicalAddress(bare);
  return bare.toLowerCase().replace(/\.$/, "");
}
