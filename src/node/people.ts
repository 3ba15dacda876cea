import type { NodeId } from "../base/id.ts";
import { personKey } from "../base/person-name.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Clock } from "../base/time.ts";
import {
  type ClaimTag,
  claimKey,
  claims,
  encodeClaim,
  encodeUnclaim,
  nextTag,
  ownersByMac,
  parseUnclaimKey,
  unclaimKey,
} from "../office/claims.ts";
import { deviceViews } from "../office/network.ts";
import { type PresenceSpans, personViews } from "../office/people.ts";
import { withRooms } from "../office/person-room.ts";
import type { CallerView, PersonView } from "../office/views.ts";
import type { Entry } from "../replica/entry.ts";
import type { Replica } from "../replica/replica.ts";
import type { DeviceReport } from "./device-report.ts";
import type { Node } from "./node.ts";
import type { WriteRefusal } from "./read-side.ts";
import { notWritten } from "./targets.ts";

export interface PeopleParts {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly devices: DeviceReport;
  readonly spans: PresenceSpans;
}

/** Who is in, and whose devices are whose: asked of the replica, set through this node. */
export class People {
  constructor(private readonly parts: PeopleParts) {}

  /** Erases, from now on, what anybody takes back, and what was while this node was off. */
  start(): void {
    const { node, replica } = this.parts;
    const isOne = ({ key }: Entry) => parseUnclaimKey(key) !== undefined;
    if ([...replica.live()].some(({ entry }) => isOne(entry))) node.erase();
    node.onEntries((entries) => {
      if (entries.some(isOne)) node.erase();
    });
  }

  list(): readonly PersonView[] {
    const { replica, self, clock, spans } = this.parts;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    const { awayAfterMs } = spans;
    const question = { self, awayAfterMs, nowMs: now.monotonicMs };
    return withRooms(personViews(replica, spans, now), replica, question);
  }

  /** Who owns each claimed device, by MAC. */
  owners(): ReadonlyMap<string, readonly string[]> {
    return ownersByMac(this.parts.replica);
  }

  /** Ties a device to a person, durably; whoever else has it keeps it too. */
  register(person: string, mac: string): Result<void, WriteRefusal> {
    const { node, replica, self } = this.parts;
    node.settleLives();
    const older = claims(replica).filter(
      (one) => one.mac === mac && isSame(one.person, person) && one.origin === self,
    );
    const key = claimKey(mac, nextTag(replica, self, mac));
    const written = node.write(key, encodeClaim(person), "durable");
    if (!written.ok) return err(notWritten(written.error));
    for (const { tag } of older) node.write(claimKey(mac, tag), undefined, "batched");
    return ok(undefined);
  }

  /** Unties a device from a person, everywhere and in every file; what is not tied is left. */
  unregister(person: string, mac: string): Result<void, WriteRefusal> {
    const { node, replica, self } = this.parts;
    node.settleLives();
    const seen: readonly ClaimTag[] = claims(replica).filter(
      (one) => one.mac === mac && isSame(one.person, person),
    );
    if (seen.length === 0) return ok(undefined);
    const value = encodeUnclaim(replica, self, mac, seen);
    const written = node.write(unclaimKey(mac), value, "durable");
    if (!written.ok) return err(notWritten(written.error));
    const erased = node.erase();
    return erased.ok ? erased : err(notWritten(erased.error));
  }

  /** The device that has an address of the LAN, as its neighbours see it. */
  caller(ip: string): CallerView | undefined {
    const { devices, replica, clock, spans } = this.parts;
    const known = deviceViews(replica, spans.keepMs, clock.monotonicMs());
    const told = known.filter(({ ips }) => ips.includes(ip));
    const [freshest] = [...told].sort((left, right) => left.ageMs - right.ageMs);
    const mac = devices.macOf(ip) ?? freshest?.mac;
    if (mac === undefined) return undefined;
    return { mac, ip, owners: this.owners().get(mac) ?? [] };
  }
}

function isSame(one: string, other: string): boolean {
  return personKey(one) === personKey(other);
}
