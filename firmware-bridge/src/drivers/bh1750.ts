import type { Millis } from "../../../src/base/time.ts";
import type { Kind } from "../../../src/reading/kind.ts";
import { pause } from "../deadline.ts";
import type { Gauge, Measured } from "../gauge.ts";
import type { I2cBus } from "../i2c/port.ts";
import type { Timers } from "../timers.ts";

/** One measurement at 1 lx a step; the chip powers down after it. */
const MEASURE_ONCE = Uint8Array.of(0x20);
/** 180 ms at most (datasheet, "Electrical characteristics"). */
const MEASURE_MS: Millis = 190;
/** Counts for a lux (datasheet, "Measurement accuracy", typical). */
const COUNTS_PER_LUX = 1.2;

/** ROHM BH1750: the light that falls on it. */
export class Bh1750Gauge implements Gauge {
  constructor(
    private readonly bus: I2cBus,
    private readonly address: number,
    private readonly timers: Timers,
  ) {}

  kinds(): readonly Kind[] {
    return ["light"];
  }

  async measure(): Promise<readonly Measured[]> {
    await this.bus.write(this.address, MEASURE_ONCE);
    await pause(this.timers, MEASURE_MS);
    const [high = 0, low = 0] = await this.bus.read(this.address, 2);
    return [{ kind: "light", value: ((high << 8) | low) / COUNTS_PER_LUX }];
  }

  async close(): Promise<void> {}
}
