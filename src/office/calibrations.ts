import type { NodeId } from "../base/id.ts";
import { real, record } from "../base/tlv.ts";
import { isKind, type Kind } from "../reading/kind.ts";
import type { Replica } from "../replica/replica.ts";
import { nodeName, silentNodes } from "./nodes.ts";

/** What a node's sensor is known to be off by; the node writes it under its own identity. */
export interface StoredCalibration {
  readonly sensor: string;
  readonly kind: Kind;
  /** To be added to what the sensor measures, in the kind's unit. */
  readonly offset: number;
}

const PREFIX = "calibration/";

export const calibrationRecord = record({ offset: real(1) });

export function calibrationKey(sensor: string, kind: Kind): string {
  return `${PREFIX}${sensor}/${kind}`;
}

/** Sensor and kind of a calibration's key; undefined for other keys. */
export function parseCalibrationKey(key: string): { sensor: string; kind: Kind } | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const slash = key.lastIndexOf("/");
  const kind = key.slice(slash + 1);
  return isKind(kind) ? { sensor: key.slice(PREFIX.length, slash), kind } : undefined;
}

/** The calibrations that one origin holds. */
export function calibrationsOf(replica: Replica, origin: NodeId): readonly StoredCalibration[] {
  const found: StoredCalibration[] = [];
  for (const { entry } of replica.state(origin)?.held.values() ?? []) {
    const parsed = parseCalibrationKey(entry.key);
    if (parsed === undefined || entry.value === undefined) continue;
    const decoded = calibrationRecord.decode(entry.value);
    if (!decoded.ok || !Number.isFinite(decoded.value.offset)) continue;
    found.push({ ...parsed, offset: decoded.value.offset });
  }
  return found;
}

/**
 * What a node with a new card may take over: calibrations of nodes whose place it has, and of
 * those that had its name and are silent now. Of another that speaks nothing is taken, so that no
 * Pi can bend a living one's readings by taking its name.
 */
export function inheritedCalibrations(
  replica: Replica,
  self: NodeId,
  name: string,
  nowMs: number,
): readonly StoredCalibration[] {
  const own = new Set(replica.state(self)?.held.keys() ?? []);
  const silent = silentNodes(replica, self, nowMs).filter((id) => !replica.isReplaced(id));
  const named = silent.filter((id) => nodeName(replica, id) === name);
  return [...replica.predecessorsOf(self), ...named]
    .flatMap((id) => calibrationsOf(replica, id))
    .filter(({ sensor, kind }) => !own.has(calibrationKey(sensor, kind)));
}
