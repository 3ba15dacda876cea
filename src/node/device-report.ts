import type { NeighbourEvent, SeenDevice } from "../../firmware-bridge/src/neighbour-watch.ts";
import type { NodeId } from "../base/id.ts";
import type { Clock, Millis } from "../base/time.ts";
import { ownersByMac, parseClaimKey, parseUnclaimKey } from "../office/claims.ts";
import { nextVersions } from "../office/network.ts";
import { aged, deviceKey, deviceRecord, parseDeviceKey } from "../office/records.ts";
import type { Held } from "../replica/origin-state.ts";
import type { Replica } from "../replica/replica.ts";
import { AddressDisputes } from "./address-disputes.ts";
import type { Node } from "./node.ts";

export interface DeviceReportParts {
  readonly self: NodeId;
  readonly node: Pick<Node, "write" | "erase" | "onEntries">;
  readonly replica: Replica;
  readonly clock: Clock;
  /** Which devices the mesh may be told of. */
  readonly record: "all" | "registered" | "none";
  /** A device that was not seen for so long had gone. */
  readonly awayAfterMs: Millis;
  /** The name that a device gave a DHCP server. */
  readonly hostnameOf?: (mac: string) => string | undefined;
}

interface Seen {
  readonly addresses: readonly { readonly ip: string; readonly confirmedAtMs: Millis }[];
  readonly confirmedAtMs: Millis;
}

/** Tells the mesh which devices this node sees, as far as it may. */
export class DeviceReport {
  /** All that is seen, told or not: it stays on this machine. */
  private readonly seen = new Map<string, Seen>();
  private readonly disputes: AddressDisputes;

  constructor(private readonly parts: DeviceReportParts) {
    this.disputes = new AddressDisputes(parts);
  }

  /** Takes back what may not be told any more, now and whenever claims change. */
  start(): void {
    this.reconsider();
    this.parts.node.onEntries((entries) => {
      const isAboutClaims = entries.some(
        ({ key }) => parseClaimKey(key) !== undefined || parseUnclaimKey(key) !== undefined,
      );
      if (isAboutClaims) this.reconsider();
      if (entries.some(({ key }) => parseDeviceKey(key) !== undefined)) this.disputes.outdate();
    });
  }

  tell(event: NeighbourEvent): void {
    const { node } = this.parts;
    if (event.type === "seen") {
      this.remember(event);
      if (this.mayTell(event.mac)) this.write(event.mac);
      return;
    }
    this.seen.delete(event.mac);
    node.write(deviceKey(event.mac), undefined, "durable");
    node.erase();
  }

  /** Proof of a device that was told not long ago: said at once only where others err. */
  note(device: SeenDevice): void {
    this.remember(device);
    if (this.mayTell(device.mac) && this.disputes.has(device)) this.write(device.mac);
  }

  /** The device that this node sees at an address. */
  macOf(ip: string): string | undefined {
    let found: string | undefined;
    let freshestMs = Number.NEGATIVE_INFINITY;
    for (const [mac, { addresses }] of this.seen) {
      const held = addresses.find((address) => address.ip === ip);
      if (held === undefined || held.confirmedAtMs <= freshestMs) continue;
      found = mac;
      freshestMs = held.confirmedAtMs;
    }
    return found;
  }

  private remember({ mac, addresses, confirmedMs }: SeenDevice): void {
    const nowMs = this.parts.clock.monotonicMs();
    this.seen.set(mac, {
      addresses: addresses.map(({ ip, confirmedMs: agoMs }) => ({
        ip,
        confirmedAtMs: nowMs - agoMs,
      })),
      confirmedAtMs: nowMs - confirmedMs,
    });
  }

  private reconsider(): void {
    this.rename();
    const { record, node } = this.parts;
    if (record === "all") return;
    const told = [...this.told().keys()];
    const owners = ownersByMac(this.parts.replica);
    const mayTell = (mac: string) => record === "registered" && owners.has(mac);
    const late = told.filter((mac) => !mayTell(mac));
    for (const mac of late) node.write(deviceKey(mac), undefined, "batched");
    if (late.length > 0) node.erase();
    for (const mac of this.seen.keys()) {
      if (!told.includes(mac) && mayTell(mac)) this.write(mac);
    }
  }

  /** Says again, with or without its name, what was told of a device that changed hands. */
  private rename(): void {
    const { node, clock } = this.parts;
    const nowMs = clock.monotonicMs();
    const owners = ownersByMac(this.parts.replica);
    let dropped = 0;
    for (const [mac, { entry, heardMs }] of this.told()) {
      const said = entry.value && deviceRecord.decode(entry.value);
      if (entry.value === undefined || !said?.ok) continue;
      const before = said.value.hostname;
      const hostname = owners.has(mac) ? (this.parts.hostnameOf?.(mac) ?? before) : undefined;
      if (hostname === before) continue;
      const value = deviceRecord.decode(aged(entry.key, entry.value, nowMs - heardMs));
      if (!value.ok) continue;
      node.write(entry.key, deviceRecord.encode({ ...value.value, hostname }), "batched");
      if (hostname === undefined) dropped += 1;
    }
    if (dropped > 0) node.erase();
  }

  /** What this node told of devices, by MAC. */
  private told(): ReadonlyMap<string, Held> {
    const { replica, self } = this.parts;
    const found = new Map<string, Held>();
    for (const held of replica.state(self)?.held.values() ?? []) {
      const mac = held.entry.value && parseDeviceKey(held.entry.key);
      if (mac !== undefined) found.set(mac, held);
    }
    return found;
  }

  private mayTell(mac: string): boolean {
    const { record, replica } = this.parts;
    return record === "all" || (record === "registered" && ownersByMac(replica).has(mac));
  }

  private write(mac: string): void {
    const device = this.seen.get(mac);
    if (device === undefined) return;
    const { clock, node, replica, self, hostnameOf } = this.parts;
    // Host names often hold people's: only of devices that somebody said are theirs.
    const isClaimed = ownersByMac(replica).has(mac);
    const ago = (atMs: Millis) => Math.floor(Math.max(0, clock.monotonicMs() - atMs));
    const confirmedMs = ago(device.confirmedAtMs);
    const addresses = device.addresses.map(({ ip, confirmedAtMs }) => ({
      ip,
      ageMs: ago(confirmedAtMs),
    }));
    const versions = nextVersions({ mac, observer: self }, addresses, this.disputes.claims());
    const record = deviceRecord.encode({
      ips: addresses.map(({ ip }) => ip),
      confirmedMs,
      presentMs: Math.floor(this.presentMs(mac, confirmedMs)),
      proofs: { agesMs: addresses.map(({ ageMs }) => ageMs), versions: [...versions] },
      hostname: isClaimed ? hostnameOf?.(mac) : undefined,
    });
    node.write(deviceKey(mac), record, "batched");
  }

  /** For how long the device had been there, by what this node, restarted or not, last told. */
  private presentMs(mac: string, confirmedMs: Millis): Millis {
    const { replica, self, clock, awayAfterMs } = this.parts;
    const held = replica.get(self, deviceKey(mac));
    const said = held?.entry.value && deviceRecord.decode(held.entry.value);
    if (held === undefined || !said?.ok) return 0;
    const endedMs = clock.monotonicMs() - held.heardMs + said.value.confirmedMs;
    if (endedMs - confirmedMs > awayAfterMs) return 0;
    return Math.max(0, endedMs + (said.value.presentMs ?? 0) - confirmedMs);
  }
}
