import type { Millis } from "../../src/base/time.ts";
import type { Kind } from "../../src/reading/kind.ts";
import type { FiltersByKind } from "./filtered-sensor.ts";
import type { SimulatedKind } from "./simulated-office.ts";

/** What every item of `sensors:` has. */
export interface CommonConfig {
  readonly name: string;
  /** Where it is not the node's own. */
  readonly room?: string;
  readonly updateIntervalMs: Millis;
  readonly filters: FiltersByKind;
}

export interface PushConfig extends CommonConfig {
  readonly platform: "push";
}

export interface SerialConfig extends CommonConfig {
  readonly platform: "serial";
  readonly path: string;
  readonly baud: number;
}

export interface SimulatedConfig extends CommonConfig {
  readonly platform: "simulated";
  readonly kinds: readonly SimulatedKind[];
}

interface I2cConfig extends CommonConfig {
  readonly i2cBus: number;
  readonly address: number;
}

export interface PlainI2cConfig extends I2cConfig {
  readonly platform: "sht3x" | "bh1750";
}

export interface AltitudeI2cConfig extends I2cConfig {
  readonly platform: "bme280" | "scd4x";
  /** Metres above the sea. */
  readonly altitude?: number;
}

export interface Ads1115Config extends I2cConfig {
  readonly platform: "ads1115";
  readonly channel: number;
  /** The full scale in volts. */
  readonly gain: number;
  readonly kind: Kind;
  readonly scale: number;
  readonly windowMs: Millis;
}

export interface GpioConfig extends CommonConfig {
  readonly platform: "gpio";
  readonly pin: number;
  readonly chip?: string;
  readonly kind: "motion" | "contact";
  readonly inverted: boolean;
  readonly debounceMs: Millis;
}

export interface DoorCounterConfig extends CommonConfig {
  readonly platform: "door_counter";
  readonly pinOutside: number;
  readonly pinInside: number;
  readonly chip?: string;
  readonly inverted: boolean;
}

export interface IioConfig extends CommonConfig {
  readonly platform: "iio";
  readonly device?: string;
}

export interface W1Config extends CommonConfig {
  readonly platform: "w1";
  readonly id?: string;
}

/** Sensors that are asked, through a gauge. */
export type GaugeConfig = PlainI2cConfig | AltitudeI2cConfig | Ads1115Config | IioConfig | W1Config;

/** One item of `sensors:` in the configuration, checked, spans in milliseconds. */
export type SensorConfig =
  | PushConfig
  | SerialConfig
  | SimulatedConfig
  | GpioConfig
  | DoorCounterConfig
  | GaugeConfig;

/** Used where the configuration names no `update_interval`. ESPHome's is 60 s; people watch. */
export const UPDATE_INTERVAL_DEFAULT_MS = 10_000;
export const BAUD_DEFAULT = 115_200;
export const I2C_BUS_DEFAULT = 1;
/** Reed contacts and relays bounce for 1 to 10 ms; PIRs not at all. A guess with room. */
export const DEBOUNCE_DEFAULT = "30ms";
/** Long enough for a word, short enough for a bus that others share. A guess. */
export const SOUND_WINDOW_DEFAULT = "250ms";
/** The ADS1115's full scales in volts, in the order of its PGA bits (datasheet, table 8-3). */
export const ADS1115_GAINS = [6.144, 4.096, 2.048, 1.024, 0.512, 0.256] as const;
/** The one that fits 3.3 V. */
export const GAIN_DEFAULT_V = 4.096;

/** Where a chip answers that is wired as most boards come. */
export const ADDRESS_DEFAULT = {
  bme280: 0x76,
  ads1115: 0x48,
  scd4x: 0x62,
  sht3x: 0x44,
  bh1750: 0x23,
} as const;
