import type { Millis } from "../../base/time.ts";
import { toSteps } from "../../history/fixed-point.ts";
import type { SeriesName } from "../../history/segment.ts";
import { parseReadingKey, readingRecord } from "../../office/records.ts";
import { isKind, isPlausible } from "../../reading/kind.ts";
import type { Entry } from "../../replica/entry.ts";

/** A reading that passed by. */
export interface HeardReading {
  readonly name: SeriesName;
  /** On the origin's own clock: the same for every peer that hears it. */
  readonly atMs: Millis;
  readonly steps: number;
  /** The longest silence to expect after it. */
  readonly holdMs: Millis;
}

/** The year 10000: no later instant can be written as RFC 3339. */
const AT_MS_MAX = Date.UTC(10_000, 0, 1);
/** A sensor that is silent for longer leaves gaps in charts. A guess. */
const HOLD_MS_MAX = 24 * 3_600_000;

/**
 * The reading that an entry tells for the first time, or undefined. One said again, after a restart
 * or in a new life, is no new reading.
 */
export function heardReading({ origin, key, value, stamp }: Entry): HeardReading | undefined {
  const parsed = parseReadingKey(key);
  if (parsed === undefined || value === undefined || !isKind(parsed.kind)) return undefined;
  const decoded = readingRecord.decode(value);
  if (!decoded.ok || decoded.value.restored === 1 || decoded.value.ageMs > 0) return undefined;
  const { room, everyMs, value: measured, wallMs: atMs = stamp.wallMs } = decoded.value;
  const { sensor, kind } = parsed;
  if (sensor === "" || room === "" || atMs >= AT_MS_MAX) return undefined;
  if (!isPlausible(kind, measured)) return undefined;
  const name = { origin, sensor, kind, room };
  return { name, atMs, steps: toSteps(kind, measured), holdMs: Math.min(everyMs, HOLD_MS_MAX) };
}
