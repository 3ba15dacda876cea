import { keyOfNodeId, type NodeId, nodeIdOfKey } from "../base/id.ts";
import { personKey } from "../base/person-name.ts";
import { bytes, many, nested, record, text, uint } from "../base/tlv.ts";
import type { Replica, Withdrawal } from "../replica/replica.ts";

/**
 * Whose a device is: an add-wins map from MAC to people (the optimized observed-remove set of
 * Bieniusa and others, INRIA RR-8083, 2012, over many writers).
 *
 * An origin writes each claim under a key of its own, `claim/MAC/TAG`; the name stands in the
 * value alone. Taking back names the claims that were seen, as (origin, tag) in `unclaim/MAC`, so
 * a claim made at the same time elsewhere stays. What is so named no replica keeps, whoever
 * wrote it: a name goes everywhere although the node that wrote it may be off.
 */
export interface Claim {
  readonly mac: string;
  readonly person: string;
  readonly origin: NodeId;
  readonly tag: number;
}

/** Which claim, without whose. */
export interface ClaimTag {
  readonly origin: NodeId;
  readonly tag: number;
}

export const PERSON_BYTES_MAX = 64;
/** Claims of one device that one origin remembers to have taken back, the newest. A guess. */
const TAKEN_BACK_MAX = 64;
const CLAIM = /^claim\/((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\/(\d{1,15})$/;
const UNCLAIM = "unclaim/";

const claimRecord = record({ person: text(1, PERSON_BYTES_MAX) });
const unclaimRecord = record({
  claims: many(nested(1, record({ origin: bytes(1, 32, 32), tag: uint(2) })), TAKEN_BACK_MAX),
});

export function claimKey(mac: string, tag: number): string {
  return `claim/${mac}/${tag}`;
}

export function unclaimKey(mac: string): string {
  return UNCLAIM + mac;
}

export function parseClaimKey(key: string): { mac: string; tag: number } | undefined {
  // Asked of every entry that comes: most are none, and a pattern costs more than a look.
  const [, mac, tag] = (key.startsWith("claim/") ? CLAIM.exec(key) : undefined) ?? [];
  return mac === undefined ? undefined : { mac, tag: Number(tag) };
}

/** The MAC of a key that takes claims back; undefined for other keys. */
export function parseUnclaimKey(key: string): string | undefined {
  return key.startsWith(UNCLAIM) ? key.slice(UNCLAIM.length) : undefined;
}

/** Every claim that stands. */
export function claims(replica: Replica): readonly Claim[] {
  const found: Claim[] = [];
  for (const { entry } of replica.live()) {
    const parsed = parseClaimKey(entry.key);
    if (parsed === undefined || entry.value === undefined) continue;
    const person = claimant(entry.value);
    if (person !== undefined) found.push({ ...parsed, person, origin: entry.origin });
  }
  return found;
}

/**
 * The people who have each claimed device, by MAC, in an order that is the same everywhere.
 *
 * "Ana" and "ana" are one person, shown as most claims have it and, of as many, as comes first.
 */
export function ownersByMac(replica: Replica): ReadonlyMap<string, readonly string[]> {
  const all = claims(replica);
  const names = spellings(all);
  const owners = new Map<string, readonly string[]>();
  for (const { mac, person } of all) {
    const name = names.get(personKey(person)) ?? person;
    owners.set(mac, [...new Set([...(owners.get(mac) ?? []), name])].sort());
  }
  return owners;
}

function spellings(all: readonly Claim[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  for (const { person } of all) counts.set(person, (counts.get(person) ?? 0) + 1);
  const chosen = new Map<string, string>();
  for (const name of [...counts.keys()].sort()) {
    const best = chosen.get(personKey(name));
    if (best !== undefined && (counts.get(name) ?? 0) <= (counts.get(best) ?? 0)) continue;
    chosen.set(personKey(name), name);
  }
  return chosen;
}

/** The name in a claim's value. */
export function claimant(value: Uint8Array): string | undefined {
  const decoded = claimRecord.decode(value);
  return decoded.ok ? decoded.value.person : undefined;
}

/** The claims of one device that an entry takes back. */
export function takenBack(value: Uint8Array | undefined): readonly ClaimTag[] {
  const decoded = value && unclaimRecord.decode(value);
  if (!decoded?.ok) return [];
  return decoded.value.claims.map(({ origin, tag }) => ({ origin: nodeIdOfKey(origin), tag }));
}

/** A tag that the origin never gave to a claim of this device. */
export function nextTag(replica: Replica, self: NodeId, mac: string): number {
  const own = [...(replica.state(self)?.held.keys() ?? [])].map(parseClaimKey);
  const given = own.flatMap((one) => (one?.mac === mac ? [one.tag] : []));
  for (const { origin } of replica.origins()) {
    for (const { origin: of, tag } of takenBack(unclaimOf(replica, origin, mac))) {
      if (of === self) given.push(tag);
    }
  }
  return Math.max(0, ...given) + 1;
}

export function encodeClaim(person: string): Uint8Array {
  return claimRecord.encode({ person });
}

/** What an origin writes to take claims back, beside those it took back before. */
export function encodeUnclaim(
  replica: Replica,
  self: NodeId,
  mac: string,
  more: readonly ClaimTag[],
): Uint8Array {
  const all = [...takenBack(unclaimOf(replica, self, mac)), ...more].slice(-TAKEN_BACK_MAX);
  const named = all.flatMap(({ origin, tag }) => {
    const key = keyOfNodeId(origin);
    return key === undefined ? [] : [{ origin: key, tag }];
  });
  return unclaimRecord.encode({ claims: named });
}

/** What the replica does not keep: claims that anybody took back. */
export const claimWithdrawal: Withdrawal = {
  isOne: (key) => key.startsWith(UNCLAIM),
  covers: ({ key, origin }, replica) => {
    const claim = parseClaimKey(key);
    if (claim === undefined) return false;
    for (const state of replica.origins()) {
      const taken = takenBack(unclaimOf(replica, state.origin, claim.mac));
      if (taken.some((one) => one.origin === origin && one.tag === claim.tag)) return true;
    }
    return false;
  },
};

/** A key and what is to be written under it. */
export interface ToWrite {
  readonly key: string;
  readonly value: Uint8Array;
}

/**
 * What a node has to write, durably, before an origin is forgotten with all that it wrote: claims
 * of others that this origin alone took back. Without these, a node that was off would bring the
 * names back that people had taken back through the forgotten one.
 */
export function unclaimsToKeep(
  replica: Replica,
  self: NodeId,
  retired: NodeId,
): readonly ToWrite[] {
  const kept: ToWrite[] = [];
  for (const [key, { entry }] of replica.state(retired)?.held ?? []) {
    const mac = parseUnclaimKey(key);
    if (mac === undefined || retired === self) continue;
    // What the forgotten one claimed itself goes with it.
    const own = takenBack(unclaimOf(replica, self, mac));
    const more = takenBack(entry.value)
      .filter(({ origin }) => origin !== retired)
      .filter((tag) => !own.some((one) => one.origin === tag.origin && one.tag === tag.tag));
    if (more.length > 0) kept.push({ key, value: encodeUnclaim(replica, self, mac, more) });
  }
  return kept;
}

function unclaimOf(replica: Replica, origin: NodeId, mac: string): Uint8Array | undefined {
  return replica.get(origin, unclaimKey(mac))?.entry.value;
}
