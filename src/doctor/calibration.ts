import { humidityAt } from "../reading/dew-point.ts";
import { rounded } from "../reading/filter-stages.ts";

/** Digits of an offset: more than any sensor here is good for. */
const DECIMALS = 2;

export interface Calibration {
  /** To be added to what the sensor measures. */
  readonly offset: number;
  /** What the humidity beside it becomes with it, in percent. */
  readonly humidity?: number;
}

/**
 * The offset that makes a sensor's mean agree with a reference, and what that does to the
 * humidity which the same chip measured at the wrong temperature.
 */
export function calibrationOf(
  raws: readonly number[],
  reference: number,
  humidity: number | undefined,
): Calibration {
  const mean = raws.reduce((sum, raw) => sum + raw, 0) / raws.length;
  const offset = rounded(reference - mean, DECIMALS);
  if (humidity === undefined) return { offset };
  return { offset, humidity: rounded(humidityAt(humidity, mean, mean + offset), DECIMALS) };
}

/** How far apart the raw values were: a sensor that still warms up is no base for an offset. */
export function spreadOf(raws: readonly number[]): number {
  return Math.max(...raws) - Math.min(...raws);
}
