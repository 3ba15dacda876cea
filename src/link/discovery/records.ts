import { createHash } from "node:crypto";
import type { Answer } from "dns-packet";
import { type Address, addressOf, type NodeId, parseAddress, parseNodeId } from "../../base/id.ts";
import { ADDRESSES_MAX } from "../../overlay/parameters.ts";
import { ANY_MESH, type Announcement } from "../discovery-port.ts";
import { isLinkLocalAddress, isWithin, listensAt, type Segment } from "./interfaces.ts";

/** The service type under which nodes are found (RFC 6763, section 4.1.2). */
export const SERVICE = "_watercooler._tcp.local";
/** Under this name tools list the service types of a LAN (RFC 6763, section 9). */
const SERVICE_TYPES = "_services._dns-sd._udp.local";
/** Seconds that a record may be believed (RFC 6762, section 10, for records with a host name). */
export const TTL_S = 120;
/** Records looked at in one packet; more is nothing that a node sends. A guess. */
export const RECORDS_MAX = 256;
const FINGERPRINT_DIGITS = 16;

/** What a packet says of one node. */
export interface Sighting {
  readonly id: NodeId;
  /** The id's name in the records. */
  readonly instance: string;
  readonly addresses: readonly Address[];
  /** Seconds that it may be believed; 0 is a goodbye. */
  readonly ttlS: number;
}

/** What was found in a packet, and how much of it was of no use. */
export interface Sightings {
  readonly sightings: readonly Sighting[];
  readonly malformed: number;
  readonly otherMesh: number;
  readonly foreign: number;
}

/**
 * A node's name in the records: hexadecimal, since DNS knows no upper and lower case and an id's
 * base58 does.
 */
export function fingerprintOf(id: NodeId): string {
  return createHash("sha256").update(id).digest("hex").slice(0, FINGERPRINT_DIGITS);
}

export function instanceOf(id: NodeId): string {
  return `${fingerprintOf(id)}.${SERVICE}`;
}

/**
 * All records of this node on one segment; none where it does not listen. Nothing in them is
 * personal.
 */
export function recordsOf(announcement: Announcement, segment: Segment): readonly Answer[] {
  const { id, meshTag, port, host, version } = announcement;
  if (!listensAt(host, segment.address)) return [];
  const instance = instanceOf(id);
  const target = `${fingerprintOf(id)}.local`;
  const common = { ttl: TTL_S, flush: true };
  const text = [`id=${id}`, `mesh=${meshTag}`, `v=${version}`];
  const type = segment.family === "IPv4" ? "A" : "AAAA";
  // A shared record (PTR) has no cache-flush bit: others' must stay (RFC 6762, section 10.2).
  return [
    { type: "PTR", name: SERVICE, ttl: TTL_S, data: instance },
    { type: "SRV", name: instance, ...common, data: { port, target } },
    { type: "TXT", name: instance, ...common, data: text },
    { type, name: target, ...common, data: segment.address },
    { type: "PTR", name: SERVICE_TYPES, ttl: TTL_S, data: SERVICE },
  ];
}

/** A PTR as a known answer of a question (RFC 6762, section 7.1). */
export function knownAnswer(instance: string, ttlS: number): Answer {
  return { type: "PTR", name: SERVICE, ttl: ttlS, data: instance };
}

/** Whether two records say the same, whatever their time to live. */
export function isSameRecord(left: Answer, right: Answer): boolean {
  if (left.type !== right.type || lower(left.name) !== lower(right.name)) return false;
  return contentOf(left) === contentOf(right);
}

export function ttlOf(record: Answer): number {
  const ttl = (record as { ttl?: unknown }).ttl;
  return typeof ttl === "number" && ttl >= 0 ? ttl : 0;
}

export function lower(name: unknown): string {
  return String(name).toLowerCase();
}

/**
 * Nodes of this mesh that a packet's records tell of. What is malformed, of another mesh or out of
 * reach is left out and counted. Never throws, whatever the packet holds.
 */
export function sightingsIn(
  records: readonly Answer[],
  meshTag: string,
  segment: Segment,
): Sightings {
  const counts = { malformed: 0, otherMesh: 0, foreign: 0 };
  const sightings: Sighting[] = [];
  if (records.length > RECORDS_MAX) return { sightings, ...counts, malformed: 1 };
  const byName = new Map<string, Answer[]>();
  for (const record of records) {
    const name = lower(record.name);
    byName.set(name, [...(byName.get(name) ?? []), record]);
  }
  for (const [name, same] of byName) {
    const text = same.find(({ type }) => type === "TXT");
    if (text === undefined || !name.endsWith(`.${SERVICE}`)) continue;
    const pairs = pairsOf(contentOf(text));
    const id = parseNodeId(pairs.get("id") ?? "");
    const place = placeOf(same.find(({ type }) => type === "SRV"));
    if (id === undefined || place === undefined || name !== instanceOf(id)) counts.malformed += 1;
    else if (meshTag !== ANY_MESH && pairs.get("mesh") !== meshTag) counts.otherMesh += 1;
    else {
      const hosts = byName.get(place.target) ?? [];
      const addresses = addressesIn(hosts, place.port, segment);
      const ttlS = Math.min(TTL_S, ttlOf(text));
      if (addresses.length === 0 && ttlS > 0) counts.foreign += 1;
      else sightings.push({ id, instance: name, addresses, ttlS });
    }
  }
  return { sightings, ...counts };
}

function addressesIn(
  records: readonly Answer[],
  port: number,
  segment: Segment,
): readonly Address[] {
  const found = new Set<Address>();
  for (const record of records) {
    if (record.type !== "A" && record.type !== "AAAA") continue;
    const host = String(record.data);
    // A link-local address means nothing without the link that it was heard on.
    const zoned = isLinkLocalAddress(host) ? `${host}%${segment.name}` : undefined;
    if (zoned === undefined && !isWithin(segment.subnets, host)) continue;
    const address = parseAddress(addressOf(zoned ?? host, port));
    if (address !== undefined) found.add(address);
  }
  return [...found].slice(0, ADDRESSES_MAX);
}

function placeOf(record: Answer | undefined): { target: string; port: number } | undefined {
  const data = (record as { data?: unknown } | undefined)?.data as Partial<SrvLike> | undefined;
  const port = data?.port;
  if (typeof port !== "number" || !Number.isInteger(port)) return undefined;
  if (port < 1 || port > 65_535 || typeof data?.target !== "string") return undefined;
  return { port, target: lower(data.target) };
}

interface SrvLike {
  readonly port: unknown;
  readonly target: unknown;
}

/** A record's data as a text that can be compared. */
function contentOf(record: Answer): string {
  const data: unknown = (record as { data?: unknown }).data;
  if (record.type === "TXT") {
    const parts: readonly unknown[] = Array.isArray(data) ? data : [data];
    return parts.map(String).join("\n");
  }
  const place = record.type === "SRV" ? placeOf(record) : undefined;
  return place === undefined ? lower(data) : `${place.target}:${place.port}`;
}

function pairsOf(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const part of text.split("\n")) {
    const equals = part.indexOf("=");
    const key = part.slice(0, equals).toLowerCase();
    // The first of two equal keys counts (RFC 6763, section 6.4).
    if (equals > 0 && !pairs.has(key)) pairs.set(key, part.slice(equals + 1));
  }
  return pairs;
}
