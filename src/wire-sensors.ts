import { lineOf, withDeadline } from "../firmware-bridge/src/deadline.ts";
import { createHardware, type Hardware } from "../firmware-bridge/src/hardware.ts";
import type { SensorItem } from "../firmware-bridge/src/scan.ts";
import type { Sensor } from "../firmware-bridge/src/sensor.ts";
import type { SensorConfig } from "../firmware-bridge/src/sensor-config.ts";
import { createSensor } from "../firmware-bridge/src/sensors.ts";
import { systemTimers } from "../firmware-bridge/src/timers.ts";
import type { Log } from "./base/log.ts";
import type { SeededRandom } from "./base/random.ts";
import { type Clock, SECOND_MS } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import type { BusesView } from "./node/read-side.ts";
import { searchOf } from "./wire-search.ts";

/** A start does not wait longer for buses to be looked at. A guess: one takes 0.1 s when well. */
const SCAN_MS_MAX = 10 * SECOND_MS;

interface SensorDeps {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly log: Log;
}

export interface WiredSensors {
  readonly sensors: readonly Sensor[];
  readonly search: () => Promise<BusesView>;
}

/** Makes the configured sensors, or those found, none of them started. */
export async function wireSensors(
  config: Config,
  { clock, log, random }: SensorDeps,
): Promise<WiredSensors> {
  const hardware = createHardware(systemTimers);
  const isFound = config.sensorSource === "found";
  const items = isFound ? await foundItems(hardware, log) : [];
  const all = isFound ? await settingsFor(items) : config.sensors;
  const sensors: Sensor[] = [];
  for (const one of all) {
    const deps = { clock, log, timers: systemTimers, random: random.fork(), hardware };
    sensors.push(await createSensor(one, deps));
  }
  const search = searchOf({ hardware, timers: systemTimers, clock, used: all, kept: items });
  return { sensors, search };
}

async function settingsFor(items: readonly SensorItem[]): Promise<readonly SensorConfig[]> {
  const { settingsOf } = await import("./config/found-sensors.ts");
  return settingsOf(items);
}

async function foundItems(hardware: Hardware, log: Log): Promise<readonly SensorItem[]> {
  const { scanSensors } = await import("../firmware-bridge/src/scan.ts");
  try {
    const scan = scanSensors(hardware, systemTimers);
    const late = () => `looking for sensors took over ${SCAN_MS_MAX / SECOND_MS} s: a bus hangs`;
    const { found, troubles } = await withDeadline(systemTimers, SCAN_MS_MAX, scan, late);
    for (const { where, says } of troubles) log.write("warn", "bus not searched", { where, says });
    const items = found.flatMap(({ use, item }) =>
      use === "by itself" && item !== undefined ? [item] : [],
    );
    for (const { platform, name } of items) log.write("info", "sensor found", { platform, name });
    return items;
  } catch (error) {
    log.write("warn", "no sensors found", { reason: lineOf(error) });
    return [];
  }
}
