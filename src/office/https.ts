import { type NodeId, splitAddress } from "../base/id.ts";
import { bytes, many, record, text, uint } from "../base/tlv.ts";
import type { Replica } from "../replica/replica.ts";
import { hexOf, nodeOf } from "./admissions.ts";
import { NODE_KEY, nodeRecord } from "./records.ts";

/**
 * The mesh's certificate authority for HTTPS, as nodes write about it.
 *
 * | key | says |
 * |---|---|
 * | `authority` | an admin holds the authority's key; its certificate |
 * | `certificate-request` | the TLS key that a node wants a certificate for |
 * | `certificate/KEY` | the certificate that was made for a node |
 */
export const AUTHORITY_KEY = "authority";
export const REQUEST_KEY = "certificate-request";
const CERTIFICATE = "certificate/";

/** A P-256 key's SubjectPublicKeyInfo has 91 bytes (RFC 5480). */
const KEY_BYTES_MAX = 128;
/** Ours have some 600 bytes. */
const AUTHORITY_BYTES_MAX = 1_024;
/** Ours have some 500 bytes with few names, 900 with all. */
const CERTIFICATE_BYTES_MAX = 2_048;
const NAME_BYTES_MAX = 80;
/** One name and a machine's addresses on all its networks. A guess. */
const NAMES_MAX = 16;

export const authorityRecord = record({
  /** In DER. */
  certificate: bytes(1, AUTHORITY_BYTES_MAX),
  madeWallMs: uint(2),
});

export const requestRecord = record({
  /** SubjectPublicKeyInfo in DER. */
  key: bytes(1, KEY_BYTES_MAX),
});

export const certificateRecord = record({
  /** In DER. */
  certificate: bytes(1, CERTIFICATE_BYTES_MAX),
  key: bytes(2, KEY_BYTES_MAX),
  names: many(text(3, NAME_BYTES_MAX), NAMES_MAX),
  madeWallMs: uint(4),
});

export const certificateKey = (node: NodeId) => CERTIFICATE + hexOf(node);
export const parseCertificateKey = (key: string) => nodeOf(CERTIFICATE, key);

/** The one domain that the authority may sign names of: that of mDNS (RFC 6762). */
export const PERMITTED_DOMAIN = "local";
/** The addresses that it may sign: private, shared, link-local, loopback (RFC 6890). */
export const PERMITTED_IPV4: readonly (readonly [network: string, bits: number])[] = [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
];
/** Unique local addresses (RFC 4193). */
export const PERMITTED_IPV6 = { firstByte: 0xfc, bits: 7 };

export interface Authority {
  /** The admin that holds its key. */
  readonly node: NodeId;
  readonly certificate: Uint8Array;
  readonly madeWallMs: number;
}

/**
 * The mesh's authority; undefined where none was made. Of several, made on both sides of a cut, it
 * is the oldest: the one that most phones have.
 */
export function authorityOf(
  replica: Replica,
  isAdmin: (node: NodeId) => boolean,
): Authority | undefined {
  const found: Authority[] = [];
  for (const { origin: node, held } of replica.origins()) {
    const value = held.get(AUTHORITY_KEY)?.entry.value;
    const said = value && authorityRecord.decode(value);
    if (said?.ok && isAdmin(node)) found.push({ node, ...said.value });
  }
  const [first] = found.sort(
    (one, other) => one.madeWallMs - other.madeWallMs || (one.node < other.node ? -1 : 1),
  );
  return first;
}

/** The key that a node wants a certificate for; undefined where it wants none. */
export function requestedKey(replica: Replica, node: NodeId): Uint8Array | undefined {
  const value = replica.get(node, REQUEST_KEY)?.entry.value;
  const said = value && requestRecord.decode(value);
  return said?.ok ? said.value.key : undefined;
}

/** The certificate that an authority's holder made for a node. */
export function certificateOf(replica: Replica, holder: NodeId, node: NodeId) {
  const value = replica.get(holder, certificateKey(node))?.entry.value;
  const said = value && certificateRecord.decode(value);
  return said?.ok ? said.value : undefined;
}

/** The names and addresses that a node tells as its own, as far as an authority may sign them. */
export function hostsTold(replica: Replica, node: NodeId): readonly string[] {
  const value = replica.get(node, NODE_KEY)?.entry.value;
  const said = value && nodeRecord.decode(value);
  if (!said?.ok) return [];
  const { name, addresses, api } = said.value;
  const hosts = [...addresses, ...api.map((url) => url.replace(/^https?:\/\/|\/$/g, ""))]
    .map((text) => splitAddress(text)?.host.toLowerCase() ?? "")
    .filter(isPermittedAddress);
  return [...new Set([`${name}.${PERMITTED_DOMAIN}`, ...hosts])].slice(0, NAMES_MAX);
}

/** True for what names whichever machine asks, so that many nodes may tell it. */
export function isLoopbackHost(host: string): boolean {
  return host.startsWith("127.");
}

function isPermittedAddress(host: string): boolean {
  // Unique local addresses begin with fc or fd; one with a zone can't stand in a certificate.
  if (/^f[cd][0-9a-f]{2}:[0-9a-f:]+$/.test(host)) return true;
  const value = ipv4Value(host);
  if (value === undefined) return false;
  return PERMITTED_IPV4.some(([network, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(value / size) * size === ipv4Value(network);
  });
}

function ipv4Value(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
