import type { Millis } from "../../../src/base/time.ts";
import type { Kind } from "../../../src/reading/kind.ts";
import { pause } from "../deadline.ts";
import type { Gauge, Measured } from "../gauge.ts";
import type { I2cBus } from "../i2c/port.ts";
import { ADS1115_GAINS } from "../sensor-config.ts";
import type { Timers } from "../timers.ts";

const CONVERSION = 0x00;
const CONFIG = 0x01;
const START_ONCE = 0x8000;
const IDLE = 0x8000;
/** AIN0 against ground; the next three follow. */
const MUX_FIRST = 0b100;
const MODE_ONCE = 0x0100;
const COMPARATOR_OFF = 0x0003;
const RATE_128_SPS = 0b100 << 5;
const RATE_860_SPS = 0b111 << 5;
/** A conversion at 128 samples a second, with the rate's 10 % tolerance. */
const CONVERSION_MS: Millis = 9;
const READY_POLLS_MAX = 5;
const COUNTS = 32_768;
/** Fewer samples in a window say nothing about loudness. A guess. */
const SAMPLES_COUNT_MIN = 16;
const SAMPLES_COUNT_MAX = 4_096;
/** Below this, digital silence: 20 log10 of it is -120 dB, the range's end. */
const RMS_MIN = 1e-6;

export interface Ads1115Options {
  readonly bus: I2cBus;
  readonly address: number;
  readonly timers: Timers;
  readonly monotonicMs: () => Millis;
  /** Input 0 to 3, measured against ground. */
  readonly channel: number;
  /** The full scale in volts, one of ADS1115_GAINS. */
  readonly gain: number;
  /** What the values are told as. For `sound` it is the level of the RMS over `windowMs`. */
  readonly kind: Kind;
  /** Volts are multiplied by this: 1000 for a sensor of 1 mV a lux, say. */
  readonly scale: number;
  readonly windowMs: Millis;
}

/** Texas Instruments ADS1115: four analog inputs, 16 bits. */
export class Ads1115Gauge implements Gauge {
  constructor(private readonly options: Ads1115Options) {}

  kinds(): readonly Kind[] {
    return [this.options.kind];
  }

  async measure(): Promise<readonly Measured[]> {
    const { kind, scale } = this.options;
    if (kind === "sound") return [{ kind, value: levelOf((await this.listen()) * scale) }];
    return [{ kind, value: (await this.sampleOnce()) * scale }];
  }

  async close(): Promise<void> {}

  private async sampleOnce(): Promise<number> {
    await this.configure(START_ONCE | MODE_ONCE | RATE_128_SPS);
    for (let poll = 0; poll < READY_POLLS_MAX; poll++) {
      await pause(this.options.timers, CONVERSION_MS);
      if (((await this.readWord(CONFIG)) & IDLE) !== 0) return this.volts();
    }
    throw new Error("the ADS1115 does not finish a conversion: check its supply");
  }

  /** Volts of alternating signal (RMS) over the window, whatever bias a microphone has. */
  private async listen(): Promise<number> {
    const { monotonicMs, windowMs } = this.options;
    await this.configure(RATE_860_SPS);
    await pause(this.options.timers, CONVERSION_MS);
    const endMs = monotonicMs() + windowMs;
    const samples: number[] = [];
    try {
      while (samples.length < SAMPLES_COUNT_MAX) {
        if (monotonicMs() >= endMs && samples.length >= SAMPLES_COUNT_MIN) break;
        samples.push(await this.volts());
      }
    } finally {
      await this.configure(MODE_ONCE | RATE_860_SPS);
    }
    const mean = samples.reduce((sum, volts) => sum + volts, 0) / samples.length;
    return Math.sqrt(samples.reduce((sum, volts) => sum + (volts - mean) ** 2, 0) / samples.length);
  }

  private configure(bits: number): Promise<void> {
    const { bus, address, channel, gain } = this.options;
    const pga = ADS1115_GAINS.findIndex((volts) => volts === gain);
    const word = bits | ((MUX_FIRST + channel) << 12) | (pga << 9) | COMPARATOR_OFF;
    return bus.writeRegister(address, CONFIG, Uint8Array.of(word >> 8, word & 0xff));
  }

  private async volts(): Promise<number> {
    const word = await this.readWord(CONVERSION);
    const counts = word >= COUNTS ? word - 2 * COUNTS : word;
    return (counts * this.options.gain) / COUNTS;
  }

  private async readWord(register: number): Promise<number> {
    const { bus, address } = this.options;
    const [high = 0, low = 0] = await bus.readRegister(address, register, 2);
    return (high << 8) | low;
  }
}

/** Decibels against 1 V times the scale. */
function levelOf(rms: number): number {
  return 20 * Math.log10(Math.max(RMS_MIN, rms));
}
