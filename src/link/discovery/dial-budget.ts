import type { Address, NodeId } from "../../base/id.ts";
import { MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import type { Peer } from "../../overlay/messages.ts";
import { ADDRESSES_MAX } from "../../overlay/parameters.ts";

/** An address that only a hint told of is tried once in this, then half as often each time. */
export const TRY_MS_FIRST = 30 * SECOND_MS;
/** The longest pause between such tries. A guess: a Pi that was off is found within it. */
export const TRY_MS_LAST = 10 * MINUTE_MS;
/** Nodes of which hints alone tell; with the pause above it bounds all dials that hints cause. */
export const CANDIDATES_MAX = 256;
/** One that is not hinted at for so long makes room for another. A guess. */
export const CANDIDATE_MS = 10 * MINUTE_MS;
/** Of so many nodes the addresses are remembered at which they proved who they are. A guess. */
export const PROVED_MAX = 1_024;
/** Places in a hint that stay for proved addresses, however many others are hinted at. */
export const PROVED_KEPT = 2;

interface Tries {
  count: number;
  lastMs: Millis;
}

interface Candidate {
  readonly tries: Map<Address, Tries>;
  hintedMs: Millis;
}

/**
 * What hints may cost. Anybody on the LAN can send one, for any node and any number of nodes; so
 * an address is dialled seldom until its node has proved its key there, and the addresses at which
 * a node did so are never pushed out by hints.
 */
export class DialBudget {
  private readonly candidates = new Map<NodeId, Candidate>();
  private readonly proved = new Map<NodeId, readonly Address[]>();

  /** Notes a hint. Gives the addresses worth knowing, the newest first; none: too many nodes. */
  admit({ id, addresses }: Peer, nowMs: Millis): readonly Address[] {
    const proved = this.proved.get(id) ?? [];
    const kept = proved.slice(0, PROVED_KEPT).filter((address) => !addresses.includes(address));
    const hinted = [...new Set(addresses)].slice(0, ADDRESSES_MAX - kept.length);
    if (hinted.every((address) => proved.includes(address))) return [...hinted, ...kept];
    const candidate = this.candidates.get(id) ?? this.enrol(id, nowMs);
    if (candidate !== undefined) {
      candidate.hintedMs = nowMs;
      const fresh = hinted.filter((address) => !proved.includes(address));
      for (const address of fresh) makePlace(candidate.tries, address, nowMs);
    }
    const known = hinted.filter(
      (address) => proved.includes(address) || candidate?.tries.has(address),
    );
    return known.length > 0 ? [...known, ...kept] : [];
  }

  /** Which of a peer's addresses may be dialled now; each of them counts as tried. */
  take({ id, addresses }: Peer, nowMs: Millis): readonly Address[] {
    const tries = this.candidates.get(id)?.tries;
    return addresses.filter((address) => {
      const known = tries?.get(address);
      if (known === undefined) return true;
      if (known.count > 0 && nowMs - known.lastMs < pauseMs(known.count)) return false;
      known.lastMs = nowMs;
      known.count += 1;
      return true;
    });
  }

  /** A link came up: the node is itself there, and these addresses are its word, not a hint. */
  prove({ id, addresses }: Peer): void {
    const candidate = this.candidates.get(id);
    for (const address of addresses) candidate?.tries.delete(address);
    if (candidate?.tries.size === 0) this.candidates.delete(id);
    const known = this.proved.get(id) ?? [];
    this.proved.delete(id);
    this.proved.set(id, [...new Set([...addresses, ...known])].slice(0, ADDRESSES_MAX));
    const [oldest] = this.proved.keys();
    if (this.proved.size <= PROVED_MAX || oldest === undefined) return;
    this.proved.delete(oldest);
    this.candidates.delete(oldest);
  }

  private enrol(id: NodeId, nowMs: Millis): Candidate | undefined {
    if (!this.proved.has(id) && !this.hasRoom(nowMs)) return undefined;
    const candidate: Candidate = { tries: new Map(), hintedMs: nowMs };
    this.candidates.set(id, candidate);
    return candidate;
  }

  private hasRoom(nowMs: Millis): boolean {
    const strangers = [...this.candidates].filter(([id]) => !this.proved.has(id));
    if (strangers.length < CANDIDATES_MAX) return true;
    const stale = strangers.filter(([, { hintedMs }]) => nowMs - hintedMs >= CANDIDATE_MS);
    for (const [id] of stale) this.candidates.delete(id);
    return stale.length > 0;
  }
}

/** Counts an address of a node from now on, where there is or can be made a place for it. */
function makePlace(tries: Map<Address, Tries>, address: Address, nowMs: Millis): void {
  if (tries.has(address)) return;
  if (tries.size >= ADDRESSES_MAX) {
    // Else a row of ever new addresses would be tried as fast as they come.
    const isSpare = ({ count, lastMs }: Tries) => count === 0 || nowMs - lastMs >= TRY_MS_FIRST;
    const [spare] = [...tries].find(([, each]) => isSpare(each)) ?? [];
    if (spare === undefined) return;
    tries.delete(spare);
  }
  tries.set(address, { count: 0, lastMs: nowMs });
}

function pauseMs(count: number): Millis {
  return Math.min(TRY_MS_LAST, TRY_MS_FIRST * 2 ** Math.min(count - 1, 10));
}
