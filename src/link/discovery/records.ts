import type { Answer } from "dns-packet";
import { type Address, addressOf, type NodeId, parseNodeId } from "../../base/id.ts";
import type { Announcement } from "../discovery-port.ts";
import { isOnSegment, type Segment } from "./interfaces.ts";

/** The service type under which nodes are found (RFC 6763, section 4.1.2). */
export const SERVICE = "_watercooler._tcp.local";
/** Seconds that a record may be believed (RFC 6762, section 10). */
export const TTL_S = 120;
/** Addresses taken from one node. */
const ADDRESSES_MAX = 8;

/** What a packet says of one node. */
export interface Sighting {
  readonly id: NodeId;
  readonly instance: string;
  readonly addresses: readonly Address[];
  /** False: it says goodbye. */
  readonly isThere: "here" | "leaving";
}

/** All records of this node on one segment. `ttl` 0 is a goodbye. */
export function recordsOf(
  announcement: Announcement,
  fingerprint: string,
  segment: Segment,
  ttl: number,
): Answer[] {
  const instance = `${fingerprint}.${SERVICE}`;
  const target = `${fingerprint}.local`;
  const { id, meshTag, port, version } = announcement;
  const flush = true;
  return [
    { type: "PTR", name: SERVICE, ttl, data: instance },
    { type: "SRV", name: instance, ttl, flush, data: { port, target } },
    {
      type: "TXT",
      name: instance,
      ttl,
      flush,
      data: [`id=${id}`, `mesh=${meshTag}`, `v=${version}`],
    },
    segment.family === "IPv4"
      ? { type: "A", name: target, ttl, flush, data: segment.address }
      : { type: "AAAA", name: target, ttl, flush, data: segment.address },
  ];
}

/** Nodes of this mesh that a packet's records tell of; whatever is malformed is left out. */
export function sightingsIn(
  answers: readonly Answer[],
  meshTag: string,
  segment: Segment,
): readonly Sighting[] {
  const sightings: Sighting[] = [];
  for (const record of answers) {
    if (record.type !== "TXT" || !lower(record.name).endsWith(SERVICE)) continue;
    const text = textOf(record.data);
    const id = parseNodeId(text.get("id") ?? "");
    if (id === undefined || text.get("mesh") !== meshTag) continue;
    const instance = lower(record.name);
    const place = answers.find((other) => other.type === "SRV" && lower(other.name) === instance);
    if (place?.type !== "SRV") continue;
    const addresses = addressesOf(answers, place.data.target, place.data.port, segment);
    const isThere = record.ttl === 0 ? "leaving" : "here";
    sightings.push({ id, instance, addresses, isThere });
  }
  return sightings;
}

function addressesOf(
  answers: readonly Answer[],
  target: string,
  port: number,
  segment: Segment,
): readonly Address[] {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return [];
  const found: Address[] = [];
  for (const record of answers) {
    if (lower((record as { name?: unknown }).name) !== lower(target)) continue;
    if (record.type === "A" && isOnSegment(segment, String(record.data))) {
      found.push(addressOf(String(record.data), port));
    } else if (record.type === "AAAA" && /^fe80:[0-9a-f:]+$/i.test(String(record.data))) {
      found.push(addressOf(`${record.data}%${segment.name}`, port));
    }
  }
  return found.slice(0, ADDRESSES_MAX);
}

function textOf(data: unknown): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const part of Array.isArray(data) ? data : [data]) {
    const text = String(part);
    const equals = text.indexOf("=");
    if (equals > 0) pairs.set(text.slice(0, equals), text.slice(equals + 1));
  }
  return pairs;
}

function lower(name: unknown): string {
  return String(name).toLowerCase();
}
