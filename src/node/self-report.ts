import type { NeighbourWatch } from "../../firmware-bridge/src/neighbour-watch.ts";
import type { Sensor } from "../../firmware-bridge/src/sensor.ts";
import { type Address, keyOfNodeId } from "../base/id.ts";
import { type Clock, type Millis, SECOND_MS } from "../base/time.ts";
import {
  ALIVE_KEY,
  aliveRecord,
  LINKS_KEY,
  linksRecord,
  livenessSpans,
  NODE_KEY,
  nodeRecord,
  readingKey,
  readingRecord,
} from "../office/records.ts";
import type { Overlay } from "../overlay/overlay.ts";
import type { Reading } from "../reading/reading.ts";
import type { Replica } from "../replica/replica.ts";
import type { DeviceReport } from "./device-report.ts";
import type { Doors } from "./doors.ts";
import type { Named } from "./naming.ts";
import type { Node } from "./node.ts";

/** How often the node looks whether what it says of itself still holds. */
const LOOK_MS = 2 * SECOND_MS;
/** The picture of the overlay may lag this much, so that churn does not multiply itself. */
const LINKS_MS = 6 * SECOND_MS;

/** A stamp may be this far ahead of the wall clock before a reading tells both. A guess. */
const STRAY_MS_MAX = SECOND_MS;

export interface SelfReportParts {
  readonly node: Node;
  readonly replica: Replica;
  readonly overlay: Overlay;
  readonly clock: Clock;
  readonly sensors: readonly Sensor[];
  readonly watch: NeighbourWatch | undefined;
  readonly devices?: DeviceReport;
  readonly naming: Named;
  readonly doors?: Doors;
  readonly version: string;
  readonly addresses: () => readonly Address[];
  readonly api: () => readonly string[];
}

/** Writes what this node says: who it is, that it lives, what it measures, whom it sees. */
export class SelfReport {
  private said = "";
  private saidLinks = "";
  private linksMs = Number.NEGATIVE_INFINITY;
  /** When each motion sensor last saw one. */
  private readonly movedMs = new Map<string, Millis>();

  constructor(private readonly parts: SelfReportParts) {}

  start(): void {
    const { node, sensors, watch, devices, doors } = this.parts;
    this.sayWho();
    doors?.start();
    for (const sensor of sensors) sensor.start((reading) => this.sayReading(reading));
    devices?.start();
    if (devices !== undefined) watch?.start(devices);
    node.every(LOOK_MS, () => this.look());
  }

  async stop(): Promise<void> {
    this.parts.watch?.stop();
    await Promise.all(this.parts.sensors.map((sensor) => sensor.stop()));
  }

  private look(): void {
    this.sayWho();
    this.sayLinks();
    const { node, replica, clock } = this.parts;
    const nodes = [...replica.origins()].length;
    const nowMs = clock.monotonicMs();
    if (nowMs - node.lastWroteMs < livenessSpans(nodes).aliveMs - LOOK_MS) return;
    node.write(ALIVE_KEY, aliveRecord.encode({ uptimeMs: Math.floor(nowMs) }), "batched");
  }

  private sayWho(): void {
    const { node, naming, version, addresses, api } = this.parts;
    const { name, room } = naming;
    const record = { name, room, version, addresses: [...addresses()], api: [...api()] };
    const text = JSON.stringify(record);
    if (text === this.said) return;
    this.said = text;
    node.write(NODE_KEY, nodeRecord.encode(record), "batched");
  }

  private sayLinks(): void {
    const { node, overlay, clock } = this.parts;
    const nowMs = clock.monotonicMs();
    const active = [...overlay.membership.views.active.keys()].sort();
    if (active.join() === this.saidLinks || nowMs - this.linksMs < LINKS_MS) return;
    this.saidLinks = active.join();
    this.linksMs = nowMs;
    const keys = active.map(keyOfNodeId).filter((key) => key !== undefined);
    node.write(LINKS_KEY, linksRecord.encode({ active: keys }), "batched");
  }

  private sayReading(reading: Reading): void {
    const { sensor, kind, room, simulated, everyMs } = reading;
    const record = readingRecord.encode({
      value: this.parts.doors?.shown(reading) ?? reading.value,
      room: room ?? this.parts.naming.room,
      ageMs: 0,
      everyMs: Math.floor(everyMs),
      simulated: simulated ? 1 : undefined,
      restored: undefined,
      wallMs: this.strayWallMs(),
      stillMs: this.stillMs(reading),
    });
    this.parts.node.write(readingKey(sensor, kind), record, "batched");
  }

  /** A stamp never goes back; the wall clock may, and then a chart needs to know. */
  private strayWallMs(): Millis | undefined {
    const wallMs = Math.max(0, Math.floor(this.parts.clock.wallMs()));
    return this.parts.replica.clock.now.wallMs - wallMs > STRAY_MS_MAX ? wallMs : undefined;
  }

  /** For how long a motion sensor has seen none; undefined where it sees one, or never did. */
  private stillMs({ sensor, kind, value }: Reading): Millis | undefined {
    if (kind !== "motion") return undefined;
    const nowMs = this.parts.clock.monotonicMs();
    const movedMs = this.movedMs.get(sensor);
    if (value !== 0) this.movedMs.set(sensor, nowMs);
    return value !== 0 || movedMs === undefined ? undefined : Math.floor(nowMs - movedMs);
  }
}
