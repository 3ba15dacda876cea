import assert from "node:assert/strict";
import type { Gauge } from "../../firmware-bridge/src/gauge.ts";
import { PolledSensor } from "../../firmware-bridge/src/polled-sensor.ts";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock } from "../../src/base/time.ts";
import type { Reading } from "../../src/reading/reading.ts";

/** Turns of the event loop that anything here may take before it counts as stuck. */
const TURNS_MAX = 100_000;

/** A clock, its timers, and ways to let both go on with what was promised. */
export class Rig {
  readonly clock = new ManualClock();
  readonly timers = new ManualTimers(this.clock);

  /** Lets time go by, 5 ms a turn of the event loop, until the promise is settled. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    let state: "open" | "settled" = "open";
    const settle = () => {
      state = "settled";
    };
    promise.then(settle, settle);
    await this.until(() => state === "settled");
    return promise;
  }

  async until(condition: () => boolean): Promise<void> {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      if (condition()) return;
      await new Promise((resolve) => setImmediate(resolve));
      if (!condition()) this.timers.advance(5);
    }
    assert.fail("it never came to pass");
  }

  /** Lets so much time go by, with turns of the event loop between. */
  async pass(spanMs: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + spanMs;
    await this.until(() => this.clock.monotonicMs() >= endMs);
  }

  sensor(gauge: Gauge, everyMs = 10_000) {
    const { clock, timers } = this;
    const ports = { clock, timers, random: new SeededRandom(1), log: silentLog };
    const sensor = new PolledSensor({ name: "s", platform: "test", everyMs, gauge, ...ports });
    const readings: Reading[] = [];
    sensor.start((reading) => readings.push(reading));
    return { sensor, readings };
  }
}

/** The BME280's registers with the worked example of Bosch's datasheet (BMP280, 3.12). */
export function exampleRegisters(): ReadonlyMap<number, readonly number[]> {
  const words = [
    27_504, 26_435, -1_000, 36_477, -10_685, 3_024, 2_855, 140, -7, 15_500, -14_600, 6_000,
  ];
  const calibration = words.flatMap((word) => [word & 0xff, (word >> 8) & 0xff]);
  const raw = (value: number) => [value >> 12, (value >> 4) & 0xff, (value << 4) & 0xf0];
  return new Map([
    [0xd0, [0x60]],
    [0x88, calibration],
    // The datasheet gives no example of humidity: this is typical trimming.
    ...humidityRegisters({ h1: 75, h2: 367, h3: 0, h4: 313, h5: 50, h6: 30 }),
    [0xf7, [...raw(415_148), ...raw(519_888), 0x6e, 0x8f]],
  ]);
}

export interface HumidityTrim {
  readonly h1: number;
  readonly h2: number;
  readonly h3: number;
  readonly h4: number;
  readonly h5: number;
  readonly h6: number;
}

/** How the chip holds its humidity trimming (BME280 datasheet, table 16). */
export function humidityRegisters(trim: HumidityTrim): [number, number[]][] {
  const { h1, h2, h3, h4, h5, h6 } = trim;
  const e5 = (h4 & 0x0f) | ((h5 & 0x0f) << 4);
  const block = [h2, h2 >> 8, h3, h4 >> 4, e5, h5 >> 4, h6];
  return [
    [0xa1, [h1]],
    [0xe1, block.map((byte) => byte & 0xff)],
  ];
}

/** The datasheet's own arithmetic in whole numbers (BME280, 4.2.3), in percent. */
export function humidityOf(raw: number, tFine: number, trim: HumidityTrim): number {
  const [h1, h2, h3, h4, h5, h6] = [trim.h1, trim.h2, trim.h3, trim.h4, trim.h5, trim.h6].map(
    (word) => BigInt(word),
  ) as [bigint, bigint, bigint, bigint, bigint, bigint];
  const t = BigInt(tFine) - 76_800n;
  const left = ((BigInt(raw) << 14n) - (h4 << 20n) - h5 * t + 16_384n) >> 15n;
  const inner = (((t * h6) >> 10n) * (((t * h3) >> 11n) + 32_768n)) >> 10n;
  const product = left * (((inner + 2_097_152n) * h2 + 8_192n) >> 14n);
  const bent = product - (((((product >> 15n) * (product >> 15n)) >> 7n) * h1) >> 4n);
  const held = bent < 0n ? 0n : bent > 419_430_400n ? 419_430_400n : bent;
  return Number(held >> 12n) / 1_024;
}
