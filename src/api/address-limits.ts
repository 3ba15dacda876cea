import { type Clock, type Millis, SECOND_MS } from "../base/time.ts";
import { canonicalAddress, isLoopback } from "./door.ts";

/** A page opens six connections and a few pages may share an address. A guess. */
export const CONNECTIONS_PER_ADDRESS_MAX = 64;
/** What a page, a script and a scraper ask together, with room to spare. A guess. */
export const REQUESTS_PER_SECOND = 50;
/** Asked at once without a pause, such as by a page that opens. A guess. */
export const REQUESTS_BURST_MAX = 200;
/** Addresses remembered; whoever has more has a network of his own. A guess. */
export const ADDRESSES_MAX = 1_024;

interface Caller {
  connections: number;
  /** Requests that may be asked now. */
  left: number;
  filledMs: Millis;
}

/**
 * Keeps one address from having the node for itself: so many connections, and requests by a token
 * bucket. The node's own machine is let through: a proxy there speaks for many.
 */
export class AddressLimits {
  /** Connections and requests that were refused. */
  refused = { connections: 0, requests: 0 };
  private readonly callers = new Map<string, Caller>();

  constructor(private readonly clock: Clock) {}

  /** Counts a new connection. False where it is one too many; it is then not counted. */
  connected(address: string | undefined): boolean {
    const caller = this.callerAt(address);
    if (caller === undefined) return true;
    if (caller.connections >= CONNECTIONS_PER_ADDRESS_MAX) {
      this.refused.connections += 1;
      return false;
    }
    caller.connections += 1;
    return true;
  }

  /** A connection that was counted has ended. */
  disconnected(address: string | undefined): void {
    const caller = this.callerAt(address);
    if (caller !== undefined) caller.connections = Math.max(0, caller.connections - 1);
  }

  /** Counts a request. False where it came too soon. */
  asked(address: string | undefined): boolean {
    const caller = this.callerAt(address);
    if (caller === undefined) return true;
    const nowMs = this.clock.monotonicMs();
    const gained = ((nowMs - caller.filledMs) / SECOND_MS) * REQUESTS_PER_SECOND;
    caller.left = Math.min(REQUESTS_BURST_MAX, caller.left + gained);
    caller.filledMs = nowMs;
    if (caller.left < 1) {
      this.refused.requests += 1;
      return false;
    }
    caller.left -= 1;
    return true;
  }

  private callerAt(address: string | undefined): Caller | undefined {
    if (address === undefined || isLoopback(address)) return undefined;
    const key = canonicalAddress(address);
    const known = this.callers.get(key);
    // The one heard of last is the last in the map: the first is forgotten first.
    this.callers.delete(key);
    const filledMs = this.clock.monotonicMs();
    const caller = known ?? { connections: 0, left: REQUESTS_BURST_MAX, filledMs };
    this.callers.set(key, caller);
    if (this.callers.size > ADDRESSES_MAX) this.forgetOne();
    return caller;
  }

  /** Whoever holds no connection goes first; there are fewer connections than addresses. */
  private forgetOne(): void {
    for (const [key, { connections }] of this.callers) {
      if (connections > 0) continue;
      this.callers.delete(key);
      return;
    }
  }
}
