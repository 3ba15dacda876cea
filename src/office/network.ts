import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import type { Replica } from "../replica/replica.ts";
import { deviceRecord, parseDeviceKey } from "./records.ts";
import type { DeviceView } from "./views.ts";

/** What one observer says of one device. */
export interface Sighting {
  readonly mac: string;
  readonly observer: NodeId;
  readonly ips: readonly string[];
  readonly ageMs: Millis;
  /** For how long it had been there when it was last seen. */
  readonly presentMs: Millis;
  readonly atWallMs: Millis;
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
 * Of one MAC the freshest sighting names the address. An observer's sighting older than `keepMs`
 * is not shown, so that the devices of a Pi that died are forgotten as those of a living one are.
 */
export function deviceViews(
  replica: Replica,
  keepMs: Millis,
  nowMs: Millis,
): readonly DeviceView[] {
  const byMac = new Map<string, Sighting[]>();
  for (const sighting of sightings(replica, nowMs)) {
    if (sighting.ageMs > keepMs) continue;
    byMac.set(sighting.mac, [...(byMac.get(sighting.mac) ?? []), sighting]);
  }
  return [...byMac.values()].map(deviceView).sort((left, right) => (left.mac < right.mac ? -1 : 1));
}

/** All that is said of devices, however old. */
export function* sightings(replica: Replica, nowMs: Millis): IterableIterator<Sighting> {
  for (const { entry, heardMs } of replica.live()) {
    const mac = parseDeviceKey(entry.key);
    if (mac === undefined || entry.value === undefined) continue;
    const decoded = deviceRecord.decode(entry.value);
    if (!decoded.ok || decoded.value.ips.length === 0) continue;
    const { ips, confirmedMs, presentMs = 0 } = decoded.value;
    yield {
      mac,
      observer: entry.origin,
      ips,
      ageMs: Math.max(0, nowMs - heardMs) + confirmedMs,
      presentMs,
      atWallMs: Math.max(0, entry.stamp.wallMs - confirmedMs),
    };
  }
}

function deviceView(all: readonly Sighting[]): DeviceView {
  const fresh = [...all].sort((left, right) => left.ageMs - right.ageMs);
  const [first] = fresh as [Sighting, ...Sighting[]];
  const ips = [...new Set(fresh.flatMap(({ ips: seen }) => seen))];
  return {
    mac: first.mac,
    ip: first.ips[0] ?? "",
    ips,
    hostname: undefined,
    seenBy: fresh.map(({ observer }) => observer),
    atWallMs: first.atWallMs,
    ageMs: first.ageMs,
  };
}
