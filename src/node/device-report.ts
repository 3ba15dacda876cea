import type { NeighbourEvent } from "../../firmware-bridge/src/neighbour-watch.ts";
import type { NodeId } from "../base/id.ts";
import type { Clock, Millis } from "../base/time.ts";
import { ownersByMac, parseClaimKey, parseUnclaimKey } from "../office/claims.ts";
import { deviceKey, deviceRecord, parseDeviceKey } from "../office/records.ts";
import type { Replica } from "../replica/replica.ts";
import type { Node } from "./node.ts";

export interface DeviceReportParts {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
  /** Which devices the mesh may be told of. */
  readonly record: "all" | "registered" | "none";
  /** A device that was not seen for so long had gone. */
  readonly awayAfterMs: Millis;
}

interface SeenDevice {
  readonly ips: readonly string[];
  readonly confirmedAtMs: Millis;
}

/** Tells the mesh which devices this node sees, as far as it may. */
export class DeviceReport {
  /** All that is seen, told or not: it stays on this machine. */
  private readonly seen = new Map<string, SeenDevice>();

  constructor(private readonly parts: DeviceReportParts) {}

  /** Takes back what may not be told any more, now and whenever claims change. */
  start(): void {
    this.reconsider();
    this.parts.node.onEntries((entries) => {
      const isAboutClaims = entries.some(
        ({ key }) => parseClaimKey(key) !== undefined || parseUnclaimKey(key) !== undefined,
      );
      if (isAboutClaims) this.reconsider();
    });
  }

  handle(event: NeighbourEvent): void {
    const { clock, node } = this.parts;
    if (event.type === "forgotten") {
      this.seen.delete(event.mac);
      node.write(deviceKey(event.mac), undefined, "durable");
      node.erase();
      return;
    }
    const { mac, ips, confirmedMs } = event;
    this.seen.set(mac, { ips, confirmedAtMs: clock.monotonicMs() - confirmedMs });
    if (this.mayTell(mac)) this.tell(mac);
  }

  /** The device that this node sees at an address. */
  macOf(ip: string): string | undefined {
    let found: string | undefined;
    let freshestMs = Number.NEGATIVE_INFINITY;
    for (const [mac, { ips, confirmedAtMs }] of this.seen) {
      if (!ips.includes(ip) || confirmedAtMs <= freshestMs) continue;
      found = mac;
      freshestMs = confirmedAtMs;
    }
    return found;
  }

  private reconsider(): void {
    const { record, replica, self, node } = this.parts;
    if (record === "all") return;
    const told = [...(replica.state(self)?.held.values() ?? [])]
      .filter(({ entry }) => entry.value !== undefined)
      .map(({ entry }) => parseDeviceKey(entry.key))
      .filter((mac) => mac !== undefined);
    const owners = ownersByMac(replica);
    const mayTell = (mac: string) => record === "registered" && owners.has(mac);
    const late = told.filter((mac) => !mayTell(mac));
    for (const mac of late) node.write(deviceKey(mac), undefined, "batched");
    if (late.length > 0) node.erase();
    for (const mac of this.seen.keys()) {
      if (!told.includes(mac) && mayTell(mac)) this.tell(mac);
    }
  }

  private mayTell(mac: string): boolean {
    const { record, replica } = this.parts;
    return record === "all" || (record === "registered" && ownersByMac(replica).has(mac));
  }

  private tell(mac: string): void {
    const device = this.seen.get(mac);
    if (device === undefined) return;
    const { clock, node } = this.parts;
    const confirmedMs = Math.max(0, clock.monotonicMs() - device.confirmedAtMs);
    const record = deviceRecord.encode({
      ips: [...device.ips],
      confirmedMs: Math.floor(confirmedMs),
      presentMs: Math.floor(this.presentMs(mac, confirmedMs)),
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
