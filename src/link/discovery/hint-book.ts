import type { Address, NodeId } from "../../base/id.ts";
import { type Millis, SECOND_MS } from "../../base/time.ts";
import { ADDRESSES_MAX } from "../../overlay/parameters.ts";
import type { Hint } from "../discovery-port.ts";
import { type Sighting, TTL_S } from "./records.ts";

/** Nodes remembered; the one that would be forgotten soonest makes room. A guess: 200 Pis fit. */
export const IDS_MAX = 256;

interface Place {
  readonly address: Address;
  readonly instance: string;
  readonly segment: string;
  readonly untilMs: Millis;
}

/** A node's name in the records, and for how many seconds more it is good. */
export interface KnownInstance {
  readonly instance: string;
  readonly ttlS: number;
}

/** Who was heard where, until when; it turns a flood of packets into few hints. */
export class HintBook {
  /** Where each node is, the newest place first; in the order of the last sightings. */
  private readonly places = new Map<NodeId, readonly Place[]>();

  /** Notes a sighting. Gives a hint where it tells of an address that was not known. */
  see(
    segment: string,
    { id, instance, addresses, ttlS }: Sighting,
    nowMs: Millis,
  ): Hint | undefined {
    if (ttlS === 0) {
      this.forget(id, segment);
      return undefined;
    }
    const untilMs = nowMs + ttlS * SECOND_MS;
    const fresh = addresses.map((address) => ({ address, instance, segment, untilMs }));
    const living = (this.places.get(id) ?? []).filter((place) => place.untilMs > nowMs);
    const others = living.filter(({ address }) => !addresses.includes(address));
    const places = [...fresh, ...others].slice(0, ADDRESSES_MAX);
    this.places.delete(id);
    this.places.set(id, places);
    if (this.places.size > IDS_MAX) this.forgetOldest();
    return living.length - others.length < addresses.length ? hintOf(id, places) : undefined;
  }

  /** Every node that is still believed in, as hints. */
  all(nowMs: Millis): readonly Hint[] {
    this.expire(nowMs);
    return [...this.places].map(([id, places]) => hintOf(id, places));
  }

  /**
   * Who was heard on a segment and is good for more than half of a record's life: known answers
   * for a question there (RFC 6762, section 7.1).
   */
  known(segment: string, nowMs: Millis): readonly KnownInstance[] {
    this.expire(nowMs);
    const known: KnownInstance[] = [];
    for (const places of this.places.values()) {
      const place = places.find((each) => each.segment === segment);
      if (place === undefined) continue;
      const ttlS = Math.floor((place.untilMs - nowMs) / SECOND_MS);
      if (ttlS > TTL_S / 2) known.push({ instance: place.instance, ttlS });
    }
    return known;
  }

  /** A segment is gone, and with it what was heard there. */
  drop(segment: string): void {
    for (const id of [...this.places.keys()]) this.forget(id, segment);
  }

  private forget(id: NodeId, segment: string): void {
    this.keep(id, (place) => place.segment !== segment);
  }

  private expire(nowMs: Millis): void {
    for (const id of [...this.places.keys()]) this.keep(id, ({ untilMs }) => untilMs > nowMs);
  }

  private keep(id: NodeId, isKept: (place: Place) => boolean): void {
    const kept = (this.places.get(id) ?? []).filter(isKept);
    if (kept.length > 0) this.places.set(id, kept);
    else this.places.delete(id);
  }

  private forgetOldest(): void {
    const [oldest] = this.places.keys();
    if (oldest !== undefined) this.places.delete(oldest);
  }
}

function hintOf(id: NodeId, places: readonly Place[]): Hint {
  return { id, addresses: places.map(({ address }) => address), source: "dns-sd" };
}
