import { type NodeId, splitAddress } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import type { Replica } from "../replica/replica.ts";
import { type Sighting, sightings } from "./network.ts";
import { nodeViews } from "./nodes.ts";
import { lansOf } from "./probing.ts";
import { isInSubnet } from "./subnet.ts";
import type { NodeView, PersonView } from "./views.ts";

interface Seen {
  readonly observer: NodeId;
  readonly ips: readonly string[];
}

/** The people, each with the room where that can be told. */
export function withRooms(
  people: readonly PersonView[],
  replica: Replica,
  { self, awayAfterMs, nowMs }: RoomQuestion,
): readonly PersonView[] {
  const now = [...sightings(replica, nowMs)].filter(({ ageMs }) => ageMs <= awayAfterMs);
  const nodes = nodeViews(replica, self, nowMs);
  const lans = lansOf(replica);
  return people.map((view) => {
    const own = new Set(view.devices.map(({ mac }) => mac));
    const seen = now.filter(({ mac }) => own.has(mac)).map(seenBy);
    const room = view.isIn ? roomOfPerson(seen, nodes, lans) : undefined;
    return room === undefined ? view : { ...view, room };
  });
}

function seenBy({ observer, addresses }: Sighting): Seen {
  return { observer, ips: addresses.map(({ ip }) => ip) };
}

interface RoomQuestion {
  readonly self: NodeView["id"];
  readonly awayAfterMs: Millis;
  readonly nowMs: Millis;
}

/**
 * The room somebody is in, where that can be told: everything that sees a device of theirs is in
 * one room, and the nodes of other rooms would see it too if it were there.
 *
 * On one network all Pis can see all devices, and which of them does is chance. So a node of
 * another room speaks for the room only where it is on another network than the device, as in an
 * office with an access point and a network for each room or floor. `lans` are the subnets that
 * nodes tell; of who tells none, the network is guessed from its addresses.
 */
export function roomOfPerson(
  seen: readonly Seen[],
  nodes: readonly NodeView[],
  lans: ReadonlyMap<NodeId, readonly string[]> = new Map(),
): string | undefined {
  const alive = nodes.filter(({ state }) => state === "alive");
  const rooms = new Set(
    seen.map(({ observer }) => nodes.find(({ id }) => id === observer)?.room ?? ""),
  );
  const [room = ""] = rooms;
  if (rooms.size !== 1 || room === "") return undefined;
  const elsewhere = alive.filter((node) => node.room !== room);
  const ips = seen.flatMap((one) => one.ips);
  const networks = ips.map(networkOf);
  const seenOn = new Set(networks.filter((network) => network !== undefined));
  if (elsewhere.length === 0 || seenOn.size === 0) return undefined;
  const wouldSee = ({ id, addresses }: NodeView) => {
    const told = lans.get(id) ?? [];
    if (told.length > 0) return told.some((lan) => ips.some((ip) => isInSubnet(ip, lan)));
    const own = addresses.map((address) => networkOf(splitAddress(address)?.host ?? ""));
    const known = own.filter((network) => network !== undefined);
    return known.length === 0 || known.some((network) => seenOn.has(network));
  };
  return elsewhere.some(wouldSee) ? undefined : room;
}

/** IPv6 networks are as long as RFC 4291 (2.5.4) has them; IPv4 ones as most offices. A guess. */
const IPV4_NETWORK_PARTS = 3;
const IPV6_NETWORK_PARTS = 4;
const IPV6_PARTS = 8;

/** The network of an address; undefined where it says nothing of one (loopback, link-local). */
export function networkOf(ip: string): string | undefined {
  if (!ip.includes(":")) {
    if (ip.startsWith("127.") || ip.startsWith("169.254.")) return undefined;
    const parts = ip.split(".");
    return parts.length === 4 ? parts.slice(0, IPV4_NETWORK_PARTS).join(".") : undefined;
  }
  if (/^(?:::|fe[89ab])/i.test(ip)) return undefined;
  const [head = "", tail = ""] = ip.replace(/%.*$/, "").split("::");
  const [left, right] = [head, tail].map((half) => (half === "" ? [] : half.split(":")));
  if (left === undefined || right === undefined) return undefined;
  const zeros = Array.from({ length: IPV6_PARTS - left.length - right.length }, () => "0");
  const parts = ip.includes("::") ? [...left, ...zeros, ...right] : left;
  return parts
    .slice(0, IPV6_NETWORK_PARTS)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(":");
}
