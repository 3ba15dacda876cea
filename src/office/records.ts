import type { Millis } from "../base/time.ts";
import { bytes, many, nested, optional, real, record, text, uint } from "../base/tlv.ts";
import type { Kind } from "../reading/kind.ts";
import { agedPassages, parsePassagesKey } from "./doors.ts";

/**
 * What a node writes under which key. Each is a record with numbered fields, so that newer
 * versions may add some.
 *
 * | key | says |
 * |---|---|
 * | `node` | its name, room, version, addresses |
 * | `links` | its active view, for the picture of the overlay |
 * | `alive` | that it still is, when it has nothing else to say |
 * | `reading/SENSOR/KIND` | the newest value of a sensor |
 * | `device/MAC` | a device in its neighbour table |
 * | `passages/ROOM/SENSOR` | all who ever went through a door, in and out (`doors.ts`) |
 * | `reset/ROOM` | from where on a room's people are counted (`doors.ts`) |
 * | `claim/MAC/TAG` | whose a device is (`claims.ts`) |
 * | `unclaim/MAC` | which claims of it were taken back |
 * | `target/ROOM/KIND` | what was last set there through it (`targets.ts`) |
 * | `history/TIER` | hashes of what it has closed of its readings (`history/published.ts`) |
 * | `named` | what somebody called it on its page, over its configuration |
 * | `plan/ROOM`, `plan-picture`, `plan-picture/N` | the floor plan (`plan.ts`) |
 * | `calibration/SENSOR/KIND` | what is added to a sensor's values (`calibrations.ts`) |
 * | `invite/...`, `forgotten/...` | who may come in, who has to go (`admissions.ts` has all) |
 * | `replaces/...`, `replaced/...` | whose place a new Pi takes (`replacements.ts`) |
 * | `edge`, `told/ID`, `answered/ID` | what leaves the mesh (`edge-records.ts`) |
 * | `grant/CID` | what somebody was allowed (`grants.ts`) |
 * | `revoked/CID` | a capability that was taken back (`trust/revocations.ts`) |
 */
export const NODE_KEY = "node";
export const LINKS_KEY = "links";
export const ALIVE_KEY = "alive";
export const NAMED_KEY = "named";
const READING_PREFIX = "reading/";
const DEVICE_PREFIX = "device/";

const NAME_BYTES_MAX = 64;
const ADDRESS_BYTES_MAX = 262;

export const nodeRecord = record({
  name: text(1, NAME_BYTES_MAX),
  room: text(2, NAME_BYTES_MAX),
  version: text(3, 32),
  addresses: many(text(4, ADDRESS_BYTES_MAX), 16),
  api: many(text(5, ADDRESS_BYTES_MAX), 16),
});

export const namedRecord = record({
  name: text(1, NAME_BYTES_MAX),
  room: text(2, NAME_BYTES_MAX),
});

export const linksRecord = record({ active: many(bytes(1, 32, 32), 32) });

export const aliveRecord = record({ uptimeMs: uint(1) });

export const readingRecord = record({
  value: real(1),
  room: text(2, NAME_BYTES_MAX),
  /** How old the value was when it was written. */
  ageMs: uint(3),
  /** The longest silence to expect. */
  everyMs: uint(4),
  simulated: optional(uint(5, 1)),
  /** 1: said again after a restart, of unknown age. */
  restored: optional(uint(6, 1)),
  /** When it was taken by its writer's wall clock, where the entry's stamp is far from that. */
  wallMs: optional(uint(7)),
  /** Of motion: for how long there had been none when the value was taken. */
  stillMs: optional(uint(8)),
});

/** Addresses of a device that one node tells of. */
const DEVICE_IPS_MAX = 8;
/** The longest label of a host name (RFC 1035, section 2.3.4). */
const HOSTNAME_BYTES_MAX = 63;

/** A claim a second from every one of 1,000 nodes does not get there in 30 years. A guess. */
export const CLAIM_VERSION_MAX = 2 ** 40;

export const deviceRecord = record({
  /** The freshest first. */
  ips: many(text(1, 64), DEVICE_IPS_MAX),
  /** How long ago the kernel had proof of the device when this was written. */
  confirmedMs: uint(2),
  /** For how long it had been here then, without having been away. */
  presentMs: optional(uint(3)),
  /** Of each address in turn: how old its proof was, and which claim it outdoes (`network.ts`). */
  proofs: optional(
    nested(
      4,
      record({
        agesMs: many(uint(1), DEVICE_IPS_MAX),
        versions: many(uint(2, CLAIM_VERSION_MAX), DEVICE_IPS_MAX),
      }),
    ),
  ),
  /** As a DHCP server knows it. */
  hostname: optional(text(5, HOSTNAME_BYTES_MAX)),
});

export function readingKey(sensor: string, kind: Kind): string {
  return `${READING_PREFIX}${sensor}/${kind}`;
}

/** Sensor and kind of a reading's key, unchecked; undefined for other keys. */
export function parseReadingKey(key: string): { sensor: string; kind: string } | undefined {
  if (!key.startsWith(READING_PREFIX)) return undefined;
  const slash = key.lastIndexOf("/");
  return { sensor: key.slice(READING_PREFIX.length, slash), kind: key.slice(slash + 1) };
}

export function deviceKey(mac: string): string {
  return DEVICE_PREFIX + mac;
}

export function parseDeviceKey(key: string): string | undefined {
  const mac = key.startsWith(DEVICE_PREFIX) ? key.slice(DEVICE_PREFIX.length) : undefined;
  return mac !== undefined && /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? mac : undefined;
}

/** Who knocks now and who was refused lately is not worth a word after a restart. */
function isPassing(key: string): boolean {
  return key.startsWith("knock/") || key.startsWith("refused/");
}

/** How a value is said again by a new process: a reading's age is not known any more. */
export function carryOver(key: string, value: Uint8Array): Uint8Array | undefined {
  if (key === ALIVE_KEY || key === LINKS_KEY || isPassing(key)) return undefined;
  if (parseReadingKey(key) === undefined) return value;
  const reading = readingRecord.decode(value);
  return reading.ok ? readingRecord.encode({ ...reading.value, restored: 1 }) : undefined;
}

/** How a value that tells its own age is said again, so long after it was said. */
export function aged(key: string, value: Uint8Array, ageMs: Millis): Uint8Array {
  const moreMs = Math.floor(ageMs);
  if (parseDeviceKey(key) !== undefined) {
    const device = deviceRecord.decode(value);
    if (!device.ok) return value;
    const confirmedMs = device.value.confirmedMs + moreMs;
    const { proofs } = device.value;
    const agesMs = proofs?.agesMs.map((one) => one + moreMs) ?? [];
    const older = proofs && { proofs: { ...proofs, agesMs } };
    return deviceRecord.encode({ ...device.value, confirmedMs, ...older });
  }
  if (parsePassagesKey(key) !== undefined) return agedPassages(value, moreMs);
  const reading = parseReadingKey(key) === undefined ? undefined : readingRecord.decode(value);
  if (!reading?.ok) return value;
  return readingRecord.encode({ ...reading.value, ageMs: reading.value.ageMs + moreMs });
}

/** Since when a node is taken for silent, and how often it says that it is there. */
export interface LivenessSpans {
  readonly aliveMs: Millis;
  readonly silentMs: Millis;
}

/**
 * A sign of life at least this often. Above the ten seconds of most sensors, whose readings are
 * sign enough: every node checks the signature of each sign.
 */
const ALIVE_MS_MIN = 15_000;
/** Signs of life in the whole mesh, a second: 200 Pis make one each 100 s. A guess. */
const ALIVE_PER_SECOND_MAX = 2;
/** So many signs missed make a node silent: one may be late. People ask after half a minute. */
const MISSED_UNTIL_SILENT = 2;

/** Grows with the mesh, so that a large one is not busy with saying that it is there. */
export function livenessSpans(nodes: number): LivenessSpans {
  const aliveMs = Math.max(ALIVE_MS_MIN, (nodes * 1_000) / ALIVE_PER_SECOND_MAX);
  return { aliveMs, silentMs: aliveMs * MISSED_UNTIL_SILENT };
}
