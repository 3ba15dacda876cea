import type {
  PushConfig,
  SerialConfig,
  SimulatedConfig,
  UnbuiltConfig,
} from "../../firmware-bridge/src/sensors.ts";
import type { FilterSpec } from "../reading/filter-spec.ts";
import { KIND_NAMES, type Kind } from "../reading/kind.ts";
import type { FilledFile } from "./schema.ts";
import { spanMs } from "./schema-values.ts";

/** A chip on an I2C bus. */
export interface I2cSettings extends UnbuiltConfig {
  readonly platform: "bme280" | "ads1115" | "scd4x" | "sht3x" | "bh1750";
  readonly i2cBus: number;
  readonly address: number;
}

export interface GpioSettings extends UnbuiltConfig {
  readonly platform: "gpio";
  /** BCM number. */
  readonly pin: number;
  readonly kind: "motion" | "contact";
  readonly inverted: boolean;
}

export interface IioSettings extends UnbuiltConfig {
  readonly platform: "iio";
  readonly device?: string;
}

export interface OneWireSettings extends UnbuiltConfig {
  readonly platform: "w1";
  readonly id?: string;
}

/** One item of `sensors:`, complete. */
export type SensorSettings =
  | PushConfig
  | SerialConfig
  | SimulatedConfig
  | I2cSettings
  | GpioSettings
  | IioSettings
  | OneWireSettings;

type SensorFile = FilledFile["sensors"][number];

/** An item of the file with its spans in milliseconds and its filters in the core's form. */
export function sensorSettings(file: SensorFile): SensorSettings {
  const common = {
    name: file.name,
    ...(file.room === undefined ? {} : { room: file.room }),
    updateIntervalMs: spanMs(file.update_interval),
    filters: filtersOf(file),
  };
  switch (file.platform) {
    case "serial":
      return { ...common, platform: file.platform, path: file.path, baud: file.baud };
    case "simulated":
      return { ...common, platform: file.platform, kinds: file.kinds };
    case "push":
      return { ...common, platform: file.platform };
    case "gpio": {
      const { platform, pin, kind, inverted } = file;
      return { ...common, platform, pin, kind, inverted };
    }
    case "iio":
      return { ...common, platform: file.platform, ...given("device", file.device) };
    case "w1":
      return { ...common, platform: file.platform, ...given("id", file.id) };
    default: {
      const { platform, i2c_bus, address } = file;
      return { ...common, platform, i2cBus: i2c_bus, address };
    }
  }
}

function given<K extends string>(
  key: K,
  value: string | undefined,
): { readonly [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: string };
}

function filtersOf(file: SensorFile): Partial<Record<Kind, readonly FilterSpec[]>> {
  const filters: Partial<Record<Kind, readonly FilterSpec[]>> = {};
  for (const kind of KIND_NAMES) {
    const said = file[kind]?.filters;
    if (said !== undefined) filters[kind] = said.map(filterOf);
  }
  return filters;
}

/** Numbers stand as they are; a text is a span, or for `delta` a share of the last value. */
function filterOf(filter: object): FilterSpec {
  const [[name, value]] = Object.entries(filter) as [[string, unknown]];
  if (typeof value !== "string") return filter as FilterSpec;
  if (value.endsWith("%")) return { delta: { share: Number(value.slice(0, -1)) / 100 } };
  return { [name]: spanMs(value) } as unknown as FilterSpec;
}
