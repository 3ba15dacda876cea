import { compareStamps, type Stamp } from "../base/hlc.ts";
import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import type { Replica } from "../replica/replica.ts";
import { CLAIM_VERSION_MAX, deviceKey, deviceRecord, parseDeviceKey } from "./records.ts";
import type { DeviceView } from "./views.ts";

/** An address of a device, as one observer saw it. */
export interface SeenAddress {
  readonly ip: string;
  /** How old the proof of it is. */
  readonly ageMs: Millis;
  /**
   * One more than that of every claim to the same device or address whose proof was older, as far
   * as its writer had heard: so a later claim wins, whatever clocks say (`nextVersions`).
   */
  readonly version: number;
}

/** What one observer says of one device. */
export interface Sighting {
  readonly mac: string;
  readonly observer: NodeId;
  /** The freshest first. */
  readonly addresses: readonly SeenAddress[];
  readonly ageMs: Millis;
  /** For how long it had been there when it was last seen. */
  readonly presentMs: Millis;
  readonly hostname: string | undefined;
  readonly atWallMs: Millis;
  readonly stamp: Stamp;
}

/** That a device has an address, as one observer says. */
export interface AddressClaim extends SeenAddress {
  readonly mac: string;
  readonly observer: NodeId;
  readonly stamp: Stamp;
  /** Its place among the addresses that the observer told of, the freshest first. */
  readonly place: number;
}

/** True for an address that its device made up, perhaps for this Wi-Fi alone. */
export function isPrivateMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0;
}

/** A device's MAC as keys have it, or undefined where the text is none. */
export function parseMac(text: string): string | undefined {
  const mac = text.toLowerCase().replaceAll("-", ":");
  const isMac = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) && mac !== "00:00:00:00:00:00";
  // The lowest bit of the first byte marks groups; no device has such an address.
  return isMac && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 ? mac : undefined;
}

/**
 * The MAC-to-IP map that all observers make together, by MAC.
 *
 * Addresses go by the versions of their claims, so that all who heard the same show the same. A
 * device whose every address went to others has no row. An observer's sighting older than
 * `keepMs` is not shown, so that the devices of a Pi that died are forgotten as those of a living
 * one are.
 */
export function deviceViews(
  replica: Replica,
  keepMs: Millis,
  nowMs: Millis,
): readonly DeviceView[] {
  const kept = [...sightings(replica, nowMs)].filter(({ ageMs }) => ageMs <= keepMs);
  const current = currentAddresses(kept.flatMap(claimsOf));
  const byMac = new Map<string, Sighting[]>();
  for (const one of kept) byMac.set(one.mac, [...(byMac.get(one.mac) ?? []), one]);
  return [...byMac]
    .map(([mac, all]) => deviceView(mac, all, current.get(mac) ?? []))
    .filter((view) => view !== undefined)
    .sort((left, right) => (left.mac < right.mac ? -1 : 1));
}

/** All that is said of devices, however old. */
export function* sightings(replica: Replica, nowMs: Millis): IterableIterator<Sighting> {
  for (const { entry, heardMs } of replica.live()) {
    const mac = parseDeviceKey(entry.key);
    if (mac === undefined || entry.value === undefined) continue;
    const decoded = deviceRecord.decode(entry.value);
    if (!decoded.ok || decoded.value.ips.length === 0) continue;
    const { ips, confirmedMs, presentMs = 0, proofs, hostname } = decoded.value;
    const heardAgoMs = Math.max(0, nowMs - heardMs);
    yield {
      mac,
      observer: entry.origin,
      addresses: ips.map((ip, at) => ({
        ip,
        ageMs: heardAgoMs + (proofs?.agesMs[at] ?? confirmedMs),
        version: proofs?.versions[at] ?? 0,
      })),
      ageMs: heardAgoMs + confirmedMs,
      presentMs,
      hostname,
      atWallMs: Math.max(0, entry.stamp.wallMs - confirmedMs),
      stamp: entry.stamp,
    };
  }
}

/** For how long nobody saw a device; Infinity where nobody did. Looks at its entries alone. */
export function unseenMs(replica: Replica, mac: string, nowMs: Millis): Millis {
  let leastMs = Number.POSITIVE_INFINITY;
  for (const { origin } of replica.origins()) {
    const held = replica.get(origin, deviceKey(mac));
    const heardAgoMs = Math.max(0, nowMs - (held?.heardMs ?? -Infinity));
    if (held?.entry.value === undefined || heardAgoMs >= leastMs) continue;
    const said = deviceRecord.decode(held.entry.value);
    if (!said.ok || said.value.ips.length === 0) continue;
    leastMs = Math.min(leastMs, heardAgoMs + said.value.confirmedMs);
  }
  return leastMs;
}

/** What a sighting says of addresses, one by one. */
export function claimsOf({ mac, observer, stamp, addresses }: Sighting): readonly AddressClaim[] {
  return addresses.map((address, place) => ({ mac, observer, stamp, place, ...address }));
}

/**
 * The addresses that each device has now, by MAC: of an address that several devices were seen
 * with, only the last has it. The highest version wins, then the later stamp, then the origin.
 */
export function currentAddresses(
  claims: readonly AddressClaim[],
): ReadonlyMap<string, readonly string[]> {
  const owner = new Map<string, string>();
  const byMac = new Map<string, string[]>();
  for (const { mac, ip } of [...claims].sort(strongestFirst)) {
    if (!owner.has(ip)) owner.set(ip, mac);
    const held = byMac.get(mac) ?? [];
    byMac.set(mac, held);
    if (owner.get(ip) === mac && !held.includes(ip)) held.push(ip);
  }
  return byMac;
}

function strongestFirst(left: AddressClaim, right: AddressClaim): number {
  return (
    right.version - left.version ||
    compareStamps(right.stamp, left.stamp) ||
    compareText(right.observer, left.observer) ||
    left.place - right.place ||
    compareText(left.mac, right.mac) ||
    compareText(left.ip, right.ip)
  );
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The kernel gives ages in whole seconds: proofs this close to each other are as one. */
export const AGE_SLACK_MS = 1_500;

/**
 * The versions with which an observer tells of a device's addresses, in their order: above every
 * claim to the device or to the address that had rested on an older proof, below those with a
 * younger one. What has no newer proof than when it was told last keeps its version.
 */
export function nextVersions(
  told: { readonly mac: string; readonly observer: NodeId },
  addresses: readonly { readonly ip: string; readonly ageMs: Millis }[],
  known: readonly AddressClaim[],
): readonly number[] {
  const versions = new Map<string, number>();
  let highest = 0;
  for (const { ip, ageMs } of [...addresses].sort((left, right) => right.ageMs - left.ageMs)) {
    const related = known.filter((claim) => claim.mac === told.mac || claim.ip === ip);
    const own = related.find(
      (claim) => claim.observer === told.observer && claim.mac === told.mac && claim.ip === ip,
    );
    const isNews = own === undefined || own.ageMs - ageMs > AGE_SLACK_MS;
    const older = related.filter((claim) => claim.ageMs >= ageMs - AGE_SLACK_MS);
    const younger = related.filter((claim) => claim.ageMs < ageMs - AGE_SLACK_MS);
    const floor = Math.max(highest, ...older.map(({ version }) => version)) + 1;
    const ceiling = Math.min(...younger.map(({ version }) => version)) - 1;
    const version = isNews ? Math.max(0, Math.min(floor, ceiling, CLAIM_VERSION_MAX)) : own.version;
    versions.set(ip, version);
    highest = Math.max(highest, version);
  }
  return addresses.map(({ ip }) => versions.get(ip) ?? 0);
}

function deviceView(
  mac: string,
  all: readonly Sighting[],
  ips: readonly string[],
): DeviceView | undefined {
  const fresh = [...all].sort((left, right) => left.ageMs - right.ageMs);
  const [ip] = ips;
  const [first] = fresh;
  if (ip === undefined || first === undefined) return undefined;
  return {
    mac,
    ip,
    ips,
    hostname: fresh.find(({ hostname }) => hostname !== undefined)?.hostname,
    seenBy: fresh.map(({ observer }) => observer),
    atWallMs: first.atWallMs,
    ageMs: first.ageMs,
  };
}
