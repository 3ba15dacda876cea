import type { Log } from "../../src/base/log.ts";
import type { Random } from "../../src/base/random.ts";
import type { Clock, Millis } from "../../src/base/time.ts";
import type { OpenByteStream } from "./byte-stream.ts";
import { FilteredPushSensor, FilteredSensor } from "./filtered-sensor.ts";
import { createHardware, type Hardware } from "./hardware.ts";
import type { Sensor } from "./sensor.ts";
import type {
  CommonConfig,
  DoorCounterConfig,
  GaugeConfig,
  GpioConfig,
  SensorConfig,
  SerialConfig,
} from "./sensor-config.ts";
import type { Timers } from "./timers.ts";

export interface SensorDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Buses, lines and files; the real ones where it is left out. One for all sensors of a node. */
  readonly hardware?: Hardware;
  /** Opens a serial sensor's port; the real one where it is left out. */
  readonly openSerial?: (config: SerialConfig) => OpenByteStream;
}

/** Makes a sensor, its filters applied; its driver is loaded only now. */
export async function createSensor(config: SensorConfig, deps: SensorDeps): Promise<Sensor> {
  switch (config.platform) {
    case "push": {
      const { PushDriver } = await import("./push.ts");
      return new FilteredPushSensor(
        new PushDriver(config.name, place(config)),
        config.filters,
        deps,
      );
    }
    case "serial":
      return new FilteredSensor(await serial(config, deps), config.filters, deps);
    case "simulated": {
      const { SimulatedDriver } = await import("./simulated.ts");
      return new FilteredSensor(new SimulatedDriver({ ...config, ...deps }), config.filters, deps);
    }
    case "gpio":
      return new FilteredSensor(await gpio(config, deps), config.filters, deps);
    case "door_counter":
      return new FilteredSensor(await doorCounter(config, deps), config.filters, deps);
    default:
      return new FilteredSensor(await polled(config, deps), config.filters, {
        ...deps,
        guard: "chip",
      });
  }
}

async function serial(config: SerialConfig, deps: SensorDeps): Promise<Sensor> {
  const { SerialDriver } = await import("./serial.ts");
  const open = deps.openSerial?.(config) ?? (await realPort(config));
  return new SerialDriver({ ...deps, ...place(config), name: config.name, open });
}

async function realPort(config: SerialConfig): Promise<OpenByteStream> {
  const { serialPort } = await import("./serial-port.ts");
  return serialPort({ path: config.path, baud: config.baud });
}

async function gpio(config: GpioConfig, deps: SensorDeps): Promise<Sensor> {
  const { GpioDriver } = await import("./drivers/gpio.ts");
  const polarity = config.inverted ? "low means yes" : "high means yes";
  const { openLine: open } = hardwareOf(deps);
  return new GpioDriver({ ...deps, ...config, ...place(config), polarity, open });
}

async function doorCounter(config: DoorCounterConfig, deps: SensorDeps): Promise<Sensor> {
  const { DoorCounterDriver } = await import("./drivers/door-counter.ts");
  const polarity = config.inverted ? "high means broken" : "low means broken";
  const { openLine: open } = hardwareOf(deps);
  return new DoorCounterDriver({ ...deps, ...config, ...place(config), polarity, open });
}

async function polled(config: GaugeConfig, deps: SensorDeps): Promise<Sensor> {
  const { createGauge } = await import("./gauges.ts");
  const { PolledSensor } = await import("./polled-sensor.ts");
  const gauge = await createGauge(config, { ...deps, hardware: hardwareOf(deps) });
  const { name, platform } = config;
  return new PolledSensor({ ...deps, ...place(config), name, platform, gauge });
}

function hardwareOf(deps: SensorDeps): Hardware {
  return deps.hardware ?? createHardware(deps.timers);
}

function place({ room, updateIntervalMs }: CommonConfig): {
  readonly room?: string;
  readonly everyMs: Millis;
} {
  return { ...(room === undefined ? {} : { room }), everyMs: updateIntervalMs };
}
