import type { NodeId } from "../base/id.ts";
import { MINUTE_MS, type Millis } from "../base/time.ts";
import { many, record, text } from "../base/tlv.ts";
import type { Replica } from "../replica/replica.ts";
import { type Hash, rendezvous } from "./rendezvous.ts";

/** In which subnets a node asks after silent devices, as `10.0.0.0/24`; none where it does not. */
export const LANS_KEY = "lans";

/** As long as the longest IPv6 address with its prefix. */
const LAN_BYTES_MAX = 43;
/** A Pi has two interfaces with a handful of addresses each. A guess. */
export const LANS_COUNT_MAX = 16;

export const lansRecord = record({ lans: many(text(1, LAN_BYTES_MAX), LANS_COUNT_MAX) });

/** The subnets that each node asks in. */
export function lansOf(replica: Replica): ReadonlyMap<NodeId, readonly string[]> {
  const all = new Map<NodeId, readonly string[]>();
  for (const { origin } of replica.origins()) {
    const value = replica.get(origin, LANS_KEY)?.entry.value;
    const said = value && lansRecord.decode(value);
    if (said?.ok) all.set(origin, said.value.lans);
  }
  return all;
}

/** A device is asked after when it was not seen for this part of `away_after`. */
const FIRST_TURN = 1 / 2;
/** Turns until the owner is taken for away: phones sleep through some. A guess. */
const TURNS_UNTIL_AWAY = 5;
/** Somebody who comes back is found by asking alone within this. A guess. */
const PAUSE_MS_MAX = 15 * MINUTE_MS;

/**
 * Which turn it is to ask after a device that was not seen for `ageMs`; undefined before the
 * first. Five turns until `awayAfterMs`, then the pauses double up to a quarter of an hour.
 */
export function turnAt(ageMs: Millis, awayAfterMs: Millis): number | undefined {
  let beginsMs = awayAfterMs * FIRST_TURN;
  if (ageMs < beginsMs) return undefined;
  let pauseMs = (awayAfterMs - beginsMs) / TURNS_UNTIL_AWAY;
  const pauseMsMax = Math.max(pauseMs, PAUSE_MS_MAX);
  let turn = 0;
  while (ageMs >= beginsMs + pauseMs && pauseMs < pauseMsMax) {
    beginsMs += pauseMs;
    turn += 1;
    if (turn >= TURNS_UNTIL_AWAY) pauseMs = Math.min(pauseMs * 2, pauseMsMax);
  }
  return turn + Math.floor((ageMs - beginsMs) / pauseMs);
}

/** A silent device and who can reach which of its addresses. */
export interface SilentDevice {
  readonly mac: string;
  /** The one that it had last first. */
  readonly ips: readonly string[];
  /** The living nodes in whose subnets an address lies. */
  reachedBy(ip: string): readonly NodeId[];
}

export interface Probe {
  readonly node: NodeId;
  readonly ip: string;
}

/**
 * Who asks at which address in a turn; undefined where nobody can. All who know the same agree,
 * so a turn costs one question however many nodes there are. The turns go round the nodes, so
 * that one that just restarts is no hindrance, and between the newest addresses of both families;
 * devices leave older IPv6 addresses behind every day.
 */
export function probeAt(turn: number, device: SilentDevice, hash: Hash): Probe | undefined {
  const reached = device.ips
    .map((ip) => ({ ip, nodes: device.reachedBy(ip) }))
    .filter(({ nodes }) => nodes.length > 0);
  const newest = (isOf: (ip: string) => boolean) => reached.find(({ ip }) => isOf(ip)) ?? [];
  const ways = [newest((ip) => !ip.includes(":")), newest((ip) => ip.includes(":"))].flat();
  const nodes = Math.max(1, ...ways.map((way) => way.nodes.length));
  // Else an even number of nodes would each keep to one family.
  const shift = nodes % ways.length === 0 ? Math.floor(turn / nodes) : 0;
  const way = ways[(turn + shift) % ways.length];
  if (way === undefined) return undefined;
  const ranked = rendezvous(device.mac, way.nodes, hash);
  const node = ranked[turn % ranked.length];
  return node === undefined ? undefined : { node, ip: way.ip };
}
