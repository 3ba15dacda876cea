import type { Log } from "../../src/base/log.ts";
import type { Random } from "../../src/base/random.ts";
import type { Result } from "../../src/base/result.ts";
import { err, ok } from "../../src/base/result.ts";
import type { Clock, Millis } from "../../src/base/time.ts";
import type { OpenByteStream } from "./byte-stream.ts";
import type { FiltersByKind } from "./filtered-sensor.ts";
import { FilteredPushSensor, FilteredSensor } from "./filtered-sensor.ts";
import type { Sensor } from "./sensor.ts";
import type { SimulatedKind } from "./simulated-office.ts";
import type { Timers } from "./timers.ts";

interface CommonConfig {
  readonly name: string;
  /** Where it is not the node's own room. */
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

/** Platforms of the contract whose drivers are not written yet. */
export const UNBUILT_PLATFORMS = [
  "bme280",
  "gpio",
  "ads1115",
  "scd4x",
  "sht3x",
  "bh1750",
  "iio",
  "w1",
] as const;

export interface UnbuiltConfig extends CommonConfig {
  readonly platform: (typeof UNBUILT_PLATFORMS)[number];
}

/** One item of `sensors:` in the configuration, checked, spans in milliseconds. */
export type SensorConfig = PushConfig | SerialConfig | SimulatedConfig | UnbuiltConfig;

/** Used where the configuration names no `update_interval`. ESPHome's is 60 s; people watch. */
export const UPDATE_INTERVAL_DEFAULT_MS = 10_000;
export const BAUD_DEFAULT = 115_200;

export interface SensorDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Opens a serial sensor's port; the real one where it is left out. */
  readonly openSerial?: (config: SerialConfig) => OpenByteStream;
}

/** Makes a sensor, its filters applied; its driver is loaded only now. */
export async function createSensor(
  config: SensorConfig,
  deps: SensorDeps,
): Promise<Result<Sensor>> {
  switch (config.platform) {
    case "push": {
      const { PushDriver } = await import("./push.ts");
      const driver = new PushDriver(config.name, { ...room(config), everyMs: everyMs(config) });
      return ok(new FilteredPushSensor(driver, config.filters, deps));
    }
    case "serial": {
      const { SerialDriver } = await import("./serial.ts");
      const open = deps.openSerial?.(config) ?? (await realPort(config));
      const { name } = config;
      const ports = { open, timers: deps.timers, random: deps.random, log: deps.log };
      const driver = new SerialDriver({
        name,
        ...room(config),
        everyMs: everyMs(config),
        ...ports,
      });
      return ok(new FilteredSensor(driver, config.filters, deps));
    }
    case "simulated": {
      const { SimulatedDriver } = await import("./simulated.ts");
      return ok(
        new FilteredSensor(new SimulatedDriver({ ...config, ...deps }), config.filters, deps),
      );
    }
    default:
      return err(`platform ${config.platform} is not in this build yet`);
  }
}

async function realPort(config: SerialConfig): Promise<OpenByteStream> {
  const { serialPort } = await import("./serial-port.ts");
  return serialPort({ path: config.path, baud: config.baud });
}

function room(config: CommonConfig): { readonly room?: string } {
  return config.room === undefined ? {} : { room: config.room };
}

function everyMs(config: CommonConfig): Millis {
  return config.updateIntervalMs;
}
