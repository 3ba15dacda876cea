import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import type { Replica } from "../replica/replica.ts";
import { deviceRecord, parseDeviceKey } from "./records.ts";
import type { DeviceView } from "./views.ts";

interface Sighting {
  readonly mac: string;
  readonly observer: NodeId;
  readonly ips: readonly string[];
  readonly ageMs: Millis;
  readonly atWallMs: Millis;
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

function* sightings(replica: Replica, nowMs: Millis): IterableIterator<Sighting> {
  for (const { entry, heardMs } of replica.live()) {
    const mac = parseDeviceKey(entry.key);
    if (mac === undefined || entry.value === undefined) continue;
    const decoded = deviceRecord.decode(entry.value);
    if (!decoded.ok || decoded.value.ips.length === 0) continue;
    const { ips, confirmedMs } = decoded.value;
    yield {
      mac,
      observer: entry.origin,
      ips,
      ageMs: Math.max(0, nowMs - heardMs) + confirmedMs,
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
