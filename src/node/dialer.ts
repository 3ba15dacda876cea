import type { Address, NodeId } from "../base/id.ts";
import type { Peer } from "../overlay/messages.ts";

/** Dials under way at once; more wait for their turn. A guess for a Pi Zero's TLS. */
export const DIALS_MAX = 8;

interface Attempt {
  readonly peer: NodeId | undefined;
  readonly rest: readonly Address[];
}

/**
 * Tries the addresses of a peer one after the other.
 *
 * It knows nothing of views: it only turns "reach this peer" into single dials, and many single
 * failures into one.
 */
export class Dialer {
  private readonly underWay = new Map<Address, Attempt>();
  private waiting: { readonly address: Address; readonly attempt: Attempt }[] = [];

  constructor(private readonly dial: (address: Address, expected: NodeId | undefined) => void) {}

  /** Starts on a peer, unless it is being tried. Gives false where it has no address. */
  reach({ id, addresses }: Peer): boolean {
    const [first, ...rest] = addresses;
    if (first === undefined) return false;
    const known = [...this.underWay.values()].some(({ peer }) => peer === id);
    if (!known) this.start(first, { peer: id, rest });
    return true;
  }

  /** Starts on an address of which nobody knows whose it is. */
  reachUnknown(address: Address): void {
    this.start(address, { peer: undefined, rest: [] });
  }

  /** Takes note of a failed dial. Gives the peer whose last address it was. */
  failed(address: Address): NodeId | undefined {
    const attempt = this.underWay.get(address);
    this.underWay.delete(address);
    let lost: NodeId | undefined;
    if (attempt !== undefined) {
      const [next, ...rest] = attempt.rest;
      if (next === undefined) lost = attempt.peer;
      else this.start(next, { peer: attempt.peer, rest });
    }
    this.startWaiting();
    return lost;
  }

  /** Takes note of a link, whoever opened it. */
  linked(id: NodeId, remote: Address): void {
    for (const [address, { peer }] of this.underWay) {
      if (peer === id || address === remote) this.underWay.delete(address);
    }
    this.waiting = this.waiting.filter(({ attempt }) => attempt.peer !== id);
    this.startWaiting();
  }

  private start(address: Address, attempt: Attempt): void {
    if (this.underWay.has(address)) return;
    if (this.underWay.size >= DIALS_MAX) {
      this.waiting.push({ address, attempt });
      return;
    }
    this.underWay.set(address, attempt);
    this.dial(address, attempt.peer);
  }

  private startWaiting(): void {
    while (this.underWay.size < DIALS_MAX) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.start(next.address, next.attempt);
    }
  }
}
