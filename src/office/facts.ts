import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import {
  isBooleanKind,
  isKind,
  isPlausible,
  type Kind,
  type Unit,
  unitOf,
} from "../reading/kind.ts";
import type { Held } from "../replica/origin-state.ts";
import type { Replica } from "../replica/replica.ts";
import { calibrationRecord, parseCalibrationKey } from "./calibrations.ts";
import { claimant, parseClaimKey } from "./claims.ts";
import { parsePassagesKey, parseResetKey, passagesRecord, resetOf } from "./doors.ts";
import { nodeName } from "./nodes.ts";
import {
  deviceRecord,
  NODE_KEY,
  nodeRecord,
  parseDeviceKey,
  parseReadingKey,
  readingRecord,
} from "./records.ts";
import { parseTargetKey, standingTarget } from "./targets.ts";

/** One thing that one node said: what every answer rests on. */
export interface Fact {
  /** `room/kitchen`, `node/kitchen-pi`, `sensor/kitchen-pi/box`, `device/MAC`, `person/Ana`. */
  readonly entity: string;
  readonly attribute: string;
  readonly value: number | boolean | string;
  readonly unit?: Unit;
  /** The node whose signed entry says so. */
  readonly from: NodeId;
  /** Who or what it comes from: a sensor, or the node itself. */
  readonly by: string;
  /** When it was so, by its writer's clock: for people, never for decisions. */
  readonly atWallMs: Millis;
  readonly ageMs: Millis;
  /** "people": tells of somebody's device. */
  readonly about: "things" | "people";
}

type Said = Pick<Fact, "entity" | "attribute" | "value" | "unit" | "by" | "about"> & {
  /** How old it was when it was written. */
  readonly ageThenMs?: Millis;
  /** When it was so, where that is not the time of the entry. */
  readonly saidWallMs?: Millis;
};

/** A fact as far as it is known of a moment in the past. */
export interface PastFact extends Omit<Fact, "value"> {
  /** Undefined: it was said anew since, and what held before is not kept in the state. */
  readonly value: Fact["value"] | undefined;
}

/**
 * What is known of the state as it was so long ago. It holds the newest word of everybody alone:
 * what has not changed since held then too; of what was said anew only that is known; and what was
 * taken back since is not there at all.
 */
export function factsThen(facts: readonly Fact[], agoMs: Millis): readonly PastFact[] {
  return facts.map((fact) => (fact.ageMs >= agoMs ? fact : { ...fact, value: undefined }));
}

/** All facts of the replicated state, by entity and attribute, the freshest of each first. */
export function factsOf(replica: Replica, nowMs: Millis): readonly Fact[] {
  const facts: Fact[] = [];
  for (const held of replica.live()) {
    const { origin, stamp } = held.entry;
    for (const { ageThenMs = 0, saidWallMs, ...said } of saidBy(
      held,
      nodeName(replica, origin),
      replica,
    )) {
      const ageMs = Math.max(0, nowMs - held.heardMs) + ageThenMs;
      const atWallMs = saidWallMs ?? Math.max(0, stamp.wallMs - ageThenMs);
      facts.push({ ...said, from: origin, atWallMs, ageMs });
    }
  }
  const place = ({ entity, attribute }: Fact) => `${entity} ${attribute}`;
  return facts.sort((left, right) => {
    const [one, other] = [place(left), place(right)];
    return one < other ? -1 : one > other ? 1 : left.ageMs - right.ageMs;
  });
}

function saidBy({ entry }: Held, name: string, replica: Replica): readonly Said[] {
  const { key, value, origin } = entry;
  if (value === undefined) return [];
  const door = parsePassagesKey(key);
  if (door !== undefined) return passageFacts(door, value, name);
  const counted = parseResetKey(key);
  if (counted !== undefined) return resetFacts(replica, origin, counted, name);
  const mac = parseDeviceKey(key);
  if (mac !== undefined) return deviceFacts(mac, value, name);
  const reading = parseReadingKey(key);
  if (reading !== undefined) return readingFacts(reading, value, name);
  const target = parseTargetKey(key);
  if (target !== undefined) return targetFacts(replica, origin, target, name);
  const claim = parseClaimKey(key);
  if (claim !== undefined) {
    const person = claimant(value);
    if (person === undefined) return [];
    const said = { entity: `person/${person}`, attribute: "device", value: claim.mac, by: name };
    return [{ ...said, about: "people" }];
  }
  const calibration = parseCalibrationKey(key);
  if (calibration !== undefined) {
    const decoded = calibrationRecord.decode(value);
    if (!decoded.ok || !Number.isFinite(decoded.value.offset)) return [];
    const { sensor, kind } = calibration;
    const entity = `sensor/${name}/${sensor}`;
    const said = { value: decoded.value.offset, unit: unitOf(kind), by: name } as const;
    return [{ entity, attribute: `${kind}_offset`, about: "things", ...said }];
  }
  return key === NODE_KEY ? nodeFacts(value) : [];
}

function readingFacts(
  { sensor, kind }: { sensor: string; kind: string },
  bytes: Uint8Array,
  name: string,
): readonly Said[] {
  const decoded = readingRecord.decode(bytes);
  if (!isKind(kind) || !decoded.ok || !isPlausible(kind, decoded.value.value)) return [];
  const { value, room, ageMs } = decoded.value;
  return [
    {
      entity: `room/${room}`,
      attribute: kind,
      value: isBooleanKind(kind) ? value !== 0 : value,
      unit: unitOf(kind),
      by: `${name}/${sensor}`,
      about: "things",
      ageThenMs: ageMs,
    },
  ];
}

function targetFacts(
  replica: Replica,
  origin: NodeId,
  { room, kind }: { room: string; kind: Kind },
  name: string,
): readonly Said[] {
  const set = standingTarget(replica, origin, room, kind);
  if (set === undefined) return [];
  return [
    {
      entity: `room/${room}`,
      attribute: `${kind}_target`,
      value: isBooleanKind(kind) ? set.value !== 0 : set.value,
      unit: unitOf(kind),
      by: name,
      about: "things",
      saidWallMs: set.wallMs,
    },
  ];
}

function passageFacts(
  { room, sensor }: { room: string; sensor: string },
  bytes: Uint8Array,
  name: string,
): readonly Said[] {
  const decoded = passagesRecord.decode(bytes);
  if (!decoded.ok) return [];
  const { ins, outs, quietMs = 0 } = decoded.value;
  const said = { entity: `room/${room}`, unit: unitOf("count"), by: `${name}/${sensor}` };
  const more = { ...said, about: "things", ageThenMs: quietMs } as const;
  return [
    { ...more, attribute: "entered", value: ins },
    { ...more, attribute: "left", value: outs },
  ];
}

/** From which totals on people are counted, a sum over the nodes that the reset names. */
function resetFacts(replica: Replica, origin: NodeId, room: string, name: string): readonly Said[] {
  const shares = [...resetOf(replica, origin, room).values()];
  const sum = (of: (share: (typeof shares)[number]) => number) =>
    shares.reduce((total, share) => total + of(share), 0);
  const said = {
    entity: `room/${room}`,
    unit: unitOf("count"),
    by: name,
    about: "things",
  } as const;
  return [
    { ...said, attribute: "entered_before_reset", value: sum(({ plus }) => plus) },
    { ...said, attribute: "left_before_reset", value: sum(({ minus }) => minus) },
  ];
}

function nodeFacts(bytes: Uint8Array): readonly Said[] {
  const decoded = nodeRecord.decode(bytes);
  if (!decoded.ok) return [];
  const { name, room, version, addresses } = decoded.value;
  const said = (attribute: string, value: string): Said => ({
    entity: `node/${name}`,
    attribute,
    value,
    by: name,
    about: "things",
  });
  return [
    said("room", room),
    said("version", version),
    ...addresses.map((address) => said("address", address)),
  ];
}

function deviceFacts(mac: string, bytes: Uint8Array, name: string): readonly Said[] {
  const decoded = deviceRecord.decode(bytes);
  if (!decoded.ok) return [];
  const { ips, confirmedMs } = decoded.value;
  return ips.map((value) => ({
    entity: `device/${mac}`,
    attribute: "ip",
    value,
    by: name,
    about: "people",
    ageThenMs: confirmedMs,
  }));
}
