import { isIPv4 } from "node:net";
import { RETELL_MS, type SeenDevice } from "../../firmware-bridge/src/neighbour-watch.ts";
import { type Clock, type Millis, SECOND_MS } from "../base/time.ts";
import {
  type AddressClaim,
  AGE_SLACK_MS,
  claimsOf,
  currentAddresses,
  sightings,
} from "../office/network.ts";
import type { Replica } from "../replica/replica.ts";

export interface AddressDisputesParts {
  readonly replica: Replica;
  readonly clock: Clock;
}

/** The pause after the first word against what others say of a device; it doubles. A guess. */
const PAUSE_MS_MIN = SECOND_MS;

/**
 * Whether the mesh shows a device at another address than the one at which this node has just had
 * proof of it: it roamed back, took back an old address, or was told of across a cut.
 *
 * A router has one MAC in many subnets, so that observers never agree: each says so ever more
 * seldom, until it is as seldom as devices are told anyway.
 */
export class AddressDisputes {
  private known: readonly AddressClaim[] | undefined;
  private shown: ReadonlyMap<string, readonly string[]> = new Map();
  private readAtMs: Millis = 0;
  private readonly pauses = new Map<
    string,
    { readonly untilMs: Millis; readonly lastMs: Millis }
  >();

  constructor(private readonly parts: AddressDisputesParts) {}

  /** Every address that anybody saw a device at. */
  claims(): readonly AddressClaim[] {
    const nowMs = this.parts.clock.monotonicMs();
    // Ages run on: what was read a moment ago has another age by now.
    if (this.known !== undefined && nowMs - this.readAtMs < AGE_SLACK_MS) return this.known;
    this.known = [...sightings(this.parts.replica, nowMs)].flatMap(claimsOf);
    this.shown = currentAddresses(this.known);
    this.readAtMs = nowMs;
    return this.known;
  }

  /** Somebody told of a device: what was read before does not count any more. */
  outdate(): void {
    this.known = undefined;
  }

  /** Whether others are to be told now. */
  has({ mac, addresses }: SeenDevice): boolean {
    const claims = this.claims();
    const isDisputed = (["IPv4", "IPv6"] as const).some((family) => {
      const isOf = (ip: string) => isIPv4(ip) === (family === "IPv4");
      const mine = addresses.find(({ ip }) => isOf(ip));
      if (mine === undefined) return false;
      const shown = this.shown.get(mac)?.find(isOf);
      if (shown === mine.ip) return false;
      const rivals = claims.filter(
        (claim) => (claim.mac === mac && claim.ip === shown) || claim.ip === mine.ip,
      );
      return rivals.every(({ ageMs }) => ageMs > mine.confirmedMs + AGE_SLACK_MS);
    });
    return isDisputed && this.mayInsist(mac);
  }

  private mayInsist(mac: string): boolean {
    const nowMs = this.parts.clock.monotonicMs();
    for (const [other, { untilMs }] of this.pauses) {
      if (nowMs - untilMs > RETELL_MS) this.pauses.delete(other);
    }
    const pause = this.pauses.get(mac);
    if (pause !== undefined && nowMs < pause.untilMs) return false;
    const lastMs = Math.min(RETELL_MS, pause === undefined ? PAUSE_MS_MIN : pause.lastMs * 2);
    this.pauses.set(mac, { untilMs: nowMs + lastMs, lastMs });
    return true;
  }
}
