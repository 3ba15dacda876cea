import type { Machine } from "./machine.ts";

const CHIP = "/sys/kernel/debug/virtual_pi";

/** What each measurement of the chip finds: the converter's counts. */
export interface Counts {
  readonly temperature: number;
  readonly pressure: number;
  readonly humidity: number;
}

/** The datasheet's worked example (BMP280 datasheet, 3.12): 25.08 degC and 100653 Pa. */
export const EXAMPLE: Counts = { temperature: 519_888, pressure: 415_148, humidity: 28_000 };
/** Its calibration: dig_T1 to T3, dig_P1 to P9. */
const EXAMPLE_WORDS = [
  ...[27_504, 26_435, -1_000],
  ...[36_477, -10_685, 3_024, 2_855, 140, -7, 15_500, -14_600, 6_000],
];
/** The example is of a chip without humidity; these are near what such chips carry. */
export const HUMIDITY = { h1: 75, h2: 370, h3: 0, h4: 319, h5: 50, h6: 30 } as const;

/** The pins and the chip of the virtual Pi, and what hands do to them. */
export class Header {
  private constructor(
    private readonly pi: Machine,
    private readonly lines: string,
  ) {}

  static async of(pi: Machine): Promise<Header> {
    const find = "dirname /sys/devices/platform/gpio-sim.0/gpiochip*/sim_gpio0";
    return new Header(pi, (await pi.run("sh", "-c", find)).trim());
  }

  /** Gives the chip the datasheet's calibration. */
  async calibrate(): Promise<void> {
    const words = EXAMPLE_WORDS.flatMap((word) => [word & 255, (word >> 8) & 255]);
    const { h1, h2, h3, h4, h5, h6 } = HUMIDITY;
    const second = [h2 & 255, h2 >> 8, h3, h4 >> 4, (h4 & 15) | ((h5 & 15) << 4), h5 >> 4, h6];
    await this.pi.write(`${CHIP}/calibration`, hex([0x88, ...words, 0, h1]));
    await this.pi.write(`${CHIP}/calibration`, hex([0xe1, ...second]));
  }

  async measure(counts: Counts): Promise<void> {
    for (const [what, count] of Object.entries(counts)) {
      await this.pi.write(`${CHIP}/adc_${what}`, String(count));
    }
  }

  async drive(pin: number, level: "high" | "low"): Promise<void> {
    const pull = level === "high" ? "pull-up" : "pull-down";
    await this.pi.write(`${this.lines}/sim_gpio${pin}/pull`, pull);
  }

  async unplug(): Promise<void> {
    await this.pi.write(`${CHIP}/plugged`, "0");
  }

  async plug(): Promise<void> {
    await this.pi.write(`${CHIP}/plugged`, "1");
  }

  /** Holds the bus's clock down for so long; 0 lets it go. */
  async hang(spanMs: number): Promise<void> {
    await this.pi.write(`${CHIP}/hang_ms`, String(spanMs));
  }

  async transfers(): Promise<number> {
    return Number(await this.pi.read(`${CHIP}/transfers`));
  }
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16)).join(" ");
}

/** Relative humidity in percent by the datasheet's 32-bit integers (BME280 datasheet, 4.2.3). */
export function humidityOf({ temperature, humidity }: Counts): number {
  const [t1 = 0, t2 = 0, t3 = 0] = EXAMPLE_WORDS;
  const coarse = (((temperature >> 3) - (t1 << 1)) * t2) >> 11;
  const square = ((temperature >> 4) - t1) ** 2;
  const fine = coarse + (((square >> 12) * t3) >> 14);
  const { h1, h2, h3, h4, h5, h6 } = HUMIDITY;
  const warm = fine - 76_800;
  const offset = ((humidity << 14) - (h4 << 20) - h5 * warm + 16_384) >> 15;
  const slope = ((((warm * h6) >> 10) * (((warm * h3) >> 11) + 32_768)) >> 10) + 2_097_152;
  const linear = Math.trunc(offset * ((slope * h2 + 8_192) >> 14));
  const bent = linear - (((((linear >> 15) * (linear >> 15)) >> 7) * h1) >> 4);
  return (Math.min(Math.max(bent, 0), 419_430_400) >> 12) / 1_024;
}
