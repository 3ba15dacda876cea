import type { Sensor } from "../../firmware-bridge/src/sensor.ts";
import type { NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Clock, SECOND_MS } from "../base/time.ts";
import {
  calibrationKey,
  calibrationRecord,
  calibrationsOf,
  inheritedCalibrations,
  type StoredCalibration,
} from "../office/calibrations.ts";
import { isPlausible, type Kind } from "../reading/kind.ts";
import type { Replica } from "../replica/replica.ts";
import type { Node } from "./node.ts";
import type { CalibrationRequest, WriteRefusal } from "./read-side.ts";

/** A new card learns of its former self when it has joined. A guess: nobody waits for it. */
const INHERIT_MS = 5 * SECOND_MS;

export interface CalibrationsParts {
  readonly self: NodeId;
  readonly name: string;
  readonly node: Node;
  readonly replica: Replica;
  readonly sensors: readonly Sensor[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps the calibrations of this node's sensors in the replica, and applies them. */
export class Calibrations {
  constructor(private readonly parts: CalibrationsParts) {}

  /** Applies what is known, and looks from time to time for what a former card left. */
  start(): void {
    const { node, replica, self } = this.parts;
    for (const one of calibrationsOf(replica, self)) this.apply(one);
    node.every(INHERIT_MS, () => this.inherit());
  }

  /** Sets a sensor's offset, durably, and says it. */
  set(sensor: string, request: CalibrationRequest): Result<StoredCalibration, WriteRefusal> {
    const { kind } = request;
    const target = this.parts.sensors.find((one) => knows(one, sensor));
    if (target?.calibrate === undefined) {
      const known = this.parts.sensors.map(({ name }) => name).join(", ") || "none";
      return err({ status: 404, detail: `no sensor "${sensor}"; known are: ${known}` });
    }
    const offset =
      "offset" in request
        ? request.offset
        : target.offsetFor?.(kind, request.raw, request.reference);
    if (offset === undefined || !isOffset(kind, offset)) {
      return err({ status: 422, detail: `that is no offset of a ${kind}` });
    }
    // A 0 is kept too: it says that nothing of a former card is to come back.
    const value = calibrationRecord.encode({ offset });
    const written = this.parts.node.write(calibrationKey(sensor, kind), value, "durable");
    if (!written.ok) {
      const isClone = written.error === "clone";
      const detail = isClone ? "another node runs as this one" : `not kept: ${written.error}`;
      return err({ status: isClone ? 409 : 507, detail });
    }
    this.apply({ sensor, kind, offset });
    return ok({ sensor, kind, offset });
  }

  private inherit(): void {
    const { replica, self, name, clock, log, node, sensors } = this.parts;
    for (const one of inheritedCalibrations(replica, self, name, clock.monotonicMs())) {
      const { sensor, kind, offset } = one;
      if (!sensors.some((own) => knows(own, sensor)) || !isOffset(kind, offset)) continue;
      const value = calibrationRecord.encode({ offset });
      if (!node.write(calibrationKey(sensor, kind), value, "durable").ok) continue;
      log.write("info", "calibration of a former card is used again", { sensor, kind, offset });
      this.apply(one);
    }
  }

  private apply({ sensor, kind, offset }: StoredCalibration): void {
    for (const own of this.parts.sensors) {
      if (knows(own, sensor)) own.calibrate?.(sensor, kind, offset);
    }
  }
}

/** Whether a reading's sensor is this one, or one of a box's own. */
function knows({ name }: Sensor, sensor: string): boolean {
  return sensor === name || sensor.startsWith(`${name}.`);
}

/** Any more would move every value out of what can be. */
function isOffset(kind: Kind, offset: number): boolean {
  return isPlausible(kind, Math.abs(offset));
}
