import type { CommonConfig, SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";
import type { CalibrateLinear } from "../reading/calibrate-linear.ts";
import type { FilterSpec } from "../reading/filter-spec.ts";
import { KIND_NAMES, type Kind } from "../reading/kind.ts";
import type { FilledFile } from "./schema.ts";
import { parseDatapoint } from "./schema-filters.ts";
import { spanMs } from "./schema-values.ts";

type SensorFile = FilledFile["sensors"][number];

/** An item of the file with its spans in milliseconds and its filters in the core's form. */
export function sensorSettings(file: SensorFile): SensorConfig {
  const common = commonOf(file);
  switch (file.platform) {
    case "serial":
      return { ...common, platform: file.platform, path: file.path, baud: file.baud };
    case "simulated":
      return { ...common, platform: file.platform, kinds: file.kinds };
    case "push":
      return { ...common, platform: file.platform };
    case "gpio": {
      const { platform, pin, kind, inverted, chip } = file;
      const debounceMs = spanMs(file.debounce);
      return { ...common, platform, pin, kind, inverted, debounceMs, ...given({ chip }) };
    }
    case "door_counter": {
      const { platform, pin_outside: pinOutside, pin_inside: pinInside, inverted, chip } = file;
      return { ...common, platform, pinOutside, pinInside, inverted, ...given({ chip }) };
    }
    case "iio":
      return { ...common, platform: file.platform, ...given({ device: file.device }) };
    case "w1":
      return { ...common, platform: file.platform, ...given({ id: file.id }) };
    default:
      return onI2c(file, common);
  }
}

type I2cFile = Extract<SensorFile, { readonly i2c_bus: number }>;

function onI2c(file: I2cFile, common: CommonConfig): SensorConfig {
  const place = { ...common, i2cBus: file.i2c_bus, address: file.address };
  switch (file.platform) {
    case "ads1115": {
      const { platform, channel, gain, kind, scale } = file;
      return { ...place, platform, channel, gain, kind, scale, windowMs: spanMs(file.window) };
    }
    case "bme280":
    case "scd4x":
      return { ...place, platform: file.platform, ...given({ altitude: file.altitude }) };
    default:
      return { ...place, platform: file.platform };
  }
}

function commonOf(file: SensorFile): CommonConfig {
  return {
    name: file.name,
    ...given({ room: file.room }),
    updateIntervalMs: spanMs(file.update_interval),
    filters: filtersOf(file),
  };
}

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The entries that have a value. */
function given<T extends object>(entries: T): Given<T> {
  const there = Object.entries(entries).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as Given<T>;
}

function filtersOf(file: SensorFile): Partial<Record<Kind, readonly FilterSpec[]>> {
  const filters: Partial<Record<Kind, readonly FilterSpec[]>> = {};
  for (const kind of KIND_NAMES) {
    const said = file[kind]?.filters;
    if (said !== undefined) filters[kind] = said.map(filterOf);
  }
  return filters;
}

type FilterFile = NonNullable<NonNullable<SensorFile["count"]>["filters"]>[number];

/** Numbers stand as they are; a text is a span, or for `delta` a share of the last value. */
function filterOf(filter: FilterFile): FilterSpec {
  if ("calibrate_linear" in filter) return { calibrate_linear: linear(filter.calibrate_linear) };
  if ("timeout" in filter) {
    const { timeout } = filter;
    if (typeof timeout === "string") return { timeout: { timeout: spanMs(timeout) } };
    const { timeout: span, value } = timeout;
    return { timeout: { timeout: spanMs(span), ...given({ value }) } };
  }
  const [[name, value]] = Object.entries(filter) as [[string, unknown]];
  if (typeof value !== "string") return filter as FilterSpec;
  if (value.endsWith("%")) return { delta: { share: Number(value.slice(0, -1)) / 100 } };
  return { [name]: spanMs(value) } as unknown as FilterSpec;
}

type LinearFile = Extract<FilterFile, { calibrate_linear: unknown }>["calibrate_linear"];

function linear(said: LinearFile): CalibrateLinear {
  if ("datapoints" in said) {
    return { datapoints: said.datapoints.map(parseDatapoint), method: said.method };
  }
  return { datapoints: said.map(parseDatapoint) };
}
