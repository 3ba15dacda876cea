import type { Millis } from "../base/time.ts";
import type { Replica } from "../replica/replica.ts";
import { ownersByMac } from "./claims.ts";
import { claimsOf, currentAddresses, type Sighting, sightings } from "./network.ts";
import type { OwnedDeviceView, PersonView } from "./views.ts";

/** How presence is read from what was seen. */
export interface PresenceSpans {
  /** A person is in until no device was seen for so long. */
  readonly awayAfterMs: Millis;
  /** A device not seen for so long is forgotten. */
  readonly keepMs: Millis;
}

/** Everybody who has a device, by name. */
export function personViews(
  replica: Replica,
  spans: PresenceSpans,
  { monotonicMs: nowMs, wallMs }: { readonly monotonicMs: Millis; readonly wallMs: Millis },
): readonly PersonView[] {
  const owners = ownersByMac(replica);
  const kept = [...sightings(replica, nowMs)].filter(({ ageMs }) => ageMs <= spans.keepMs);
  const addresses = currentAddresses(kept.flatMap(claimsOf));
  const all = new Map<string, Sighting[]>();
  for (const sighting of kept.filter(({ mac }) => owners.has(mac))) {
    all.set(sighting.mac, [...(all.get(sighting.mac) ?? []), sighting]);
  }
  const seen: Seen = { all, addresses };
  const people = new Set([...owners.values()].flat());
  return [...people].sort().map((person) => personView(person, owners, seen, { ...spans, wallMs }));
}

/** What is known of devices, by MAC. */
interface Seen {
  readonly all: ReadonlyMap<string, readonly Sighting[]>;
  readonly addresses: ReadonlyMap<string, readonly string[]>;
}

function personView(
  person: string,
  owners: ReadonlyMap<string, readonly string[]>,
  seen: Seen,
  { awayAfterMs, wallMs }: PresenceSpans & { readonly wallMs: Millis },
): PersonView {
  const macs = [...owners].filter(([, all]) => all.includes(person)).map(([mac]) => mac);
  const devices = macs.sort().map((mac): OwnedDeviceView => {
    const [freshest] = byAge(seen.all.get(mac) ?? []);
    const others = (owners.get(mac) ?? []).filter((other) => other !== person);
    return { mac, ip: seen.addresses.get(mac)?.[0], ageMs: freshest?.ageMs, others };
  });
  const all = byAge(macs.flatMap((mac) => seen.all.get(mac) ?? []));
  const [latest] = all;
  const isIn = latest !== undefined && latest.ageMs <= awayAfterMs;
  const sinceAgeMs = isIn ? presentForMs(all, awayAfterMs) : latest?.ageMs;
  const sinceWallMs = sinceAgeMs === undefined ? undefined : wallMs - sinceAgeMs;
  return { person, isIn, sinceWallMs, devices };
}

/**
 * For how long somebody has been there: what observers saw without a gap, put end to end, so that
 * walking from one Pi to the next is no arrival.
 */
export function presentForMs(
  all: readonly Pick<Sighting, "ageMs" | "presentMs">[],
  awayAfterMs: Millis,
): Millis {
  let beganMs: Millis | undefined;
  for (const { ageMs, presentMs } of byAge(all)) {
    if (beganMs !== undefined && ageMs - beganMs > awayAfterMs) break;
    beganMs = Math.max(beganMs ?? 0, ageMs + presentMs);
  }
  return beganMs ?? 0;
}

function byAge<T extends { readonly ageMs: Millis }>(all: readonly T[]): readonly T[] {
  return [...all].sort((left, right) => left.ageMs - right.ageMs);
}
