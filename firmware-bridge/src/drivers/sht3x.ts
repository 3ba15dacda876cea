import type { Millis } from "../../../src/base/time.ts";
import type { Kind } from "../../../src/reading/kind.ts";
import { pause } from "../deadline.ts";
import type { Gauge, Measured } from "../gauge.ts";
import { wordsOf } from "../i2c/crc8.ts";
import type { I2cBus } from "../i2c/port.ts";
import type { Timers } from "../timers.ts";

/** One measurement, high repeatability, no clock stretching (table 9). */
const MEASURE = Uint8Array.of(0x24, 0x00);
/** High repeatability takes 15 ms at most (table 4). */
const MEASURE_MS: Millis = 20;
const ANSWER_BYTES = 6;

/** Sensirion SHT30, SHT31 and SHT35: temperature and humidity, one measurement at a time. */
export class Sht3xGauge implements Gauge {
  constructor(
    private readonly bus: I2cBus,
    private readonly address: number,
    private readonly timers: Timers,
  ) {}

  kinds(): readonly Kind[] {
    return ["temperature", "humidity"];
  }

  async measure(): Promise<readonly Measured[]> {
    await this.bus.write(this.address, MEASURE);
    await pause(this.timers, MEASURE_MS);
    const [temperature = 0, humidity = 0] = wordsOf(
      await this.bus.read(this.address, ANSWER_BYTES),
    );
    // Datasheet, 4.13.
    return [
      { kind: "temperature", value: -45 + (175 * temperature) / 65_535 },
      { kind: "humidity", value: (100 * humidity) / 65_535 },
    ];
  }

  async close(): Promise<void> {}
}
