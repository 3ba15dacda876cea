import type { Millis } from "../../../src/base/time.ts";
import type { Kind } from "../../../src/reading/kind.ts";
import { pause } from "../deadline.ts";
import type { Gauge, Measured } from "../gauge.ts";
import { wordsOf, wordWithCrc } from "../i2c/crc8.ts";
import type { I2cBus } from "../i2c/port.ts";
import type { Timers } from "../timers.ts";

/** Commands (datasheet, table 9). */
const START = Uint8Array.of(0x21, 0xb1);
const READ = Uint8Array.of(0xec, 0x05);
const STOP = Uint8Array.of(0x3f, 0x86);
const IS_READY = Uint8Array.of(0xe4, 0xb8);
const SET_ALTITUDE = [0x24, 0x27] as const;
/** The chip answers nothing for so long after a stop (3.5.3). */
const STOP_MS: Millis = 500;
/** Between a command and its answer (table 9). */
const ANSWER_MS: Millis = 1;
/** A measurement comes every 5 s (3.5.1); twice that is too late. */
const READY_MS_MAX: Millis = 10_000;
const READY_POLL_MS: Millis = 250;
/** The chip has data where any of these bits is set (3.8.2). */
const READY_MASK = 0x07ff;

export interface Scd4xOptions {
  readonly bus: I2cBus;
  readonly address: number;
  readonly timers: Timers;
  /** Metres above the sea, 0 to 3000: CO2 depends on the air's pressure. */
  readonly altitude?: number;
}

/** Sensirion SCD40 and SCD41: CO2, and the temperature and humidity at the chip. */
export class Scd4xGauge implements Gauge {
  private state: "unknown" | "measuring" = "unknown";

  constructor(private readonly options: Scd4xOptions) {}

  kinds(): readonly Kind[] {
    return ["co2", "temperature", "humidity"];
  }

  async measure(): Promise<readonly Measured[]> {
    try {
      if (this.state === "unknown") await this.setUp();
      await this.waitReady();
      const [co2 = 0, temperature = 0, humidity = 0] = await this.ask(READ, 9);
      // Datasheet, 3.5.2.
      return [
        { kind: "co2", value: co2 },
        { kind: "temperature", value: -45 + (175 * temperature) / 65_535 },
        { kind: "humidity", value: (100 * humidity) / 65_535 },
      ];
    } catch (error) {
      this.state = "unknown";
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.state === "measuring") await this.write(STOP).catch(() => {});
  }

  private async setUp(): Promise<void> {
    // It may still measure from before a restart, and then takes no settings.
    await this.write(STOP);
    await pause(this.options.timers, STOP_MS);
    const { altitude } = this.options;
    if (altitude !== undefined) {
      await this.write(Uint8Array.of(...SET_ALTITUDE, ...wordWithCrc(Math.round(altitude))));
      await pause(this.options.timers, ANSWER_MS);
    }
    await this.write(START);
    this.state = "measuring";
  }

  private async waitReady(): Promise<void> {
    for (let waitedMs = 0; waitedMs < READY_MS_MAX; waitedMs += READY_POLL_MS) {
      const [status = 0] = await this.ask(IS_READY, 3);
      if ((status & READY_MASK) !== 0) return;
      await pause(this.options.timers, READY_POLL_MS);
    }
    throw new Error("the SCD4x measures nothing: give it 3.3 to 5 V at 200 mA");
  }

  private async ask(command: Uint8Array, bytes: number): Promise<number[]> {
    await this.write(command);
    await pause(this.options.timers, ANSWER_MS);
    return wordsOf(await this.options.bus.read(this.options.address, bytes));
  }

  private write(bytes: Uint8Array): Promise<void> {
    return this.options.bus.write(this.options.address, bytes);
  }
}
