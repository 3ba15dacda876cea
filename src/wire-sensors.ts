import { createHardware } from "../firmware-bridge/src/hardware.ts";
import { createIpNeigh } from "../firmware-bridge/src/ip-neigh.ts";
import { NeighbourWatch } from "../firmware-bridge/src/neighbour-watch.ts";
import type { Sensor } from "../firmware-bridge/src/sensor.ts";
import { createSensor } from "../firmware-bridge/src/sensors.ts";
import { systemTimers } from "../firmware-bridge/src/timers.ts";
import type { Log } from "./base/log.ts";
import type { SeededRandom } from "./base/random.ts";
import type { Clock } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import { parseDeviceKey } from "./office/records.ts";

interface SensorDeps {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly log: Log;
}

/** Makes the configured sensors, none of them started. */
export async function wireSensors(
  config: Config,
  { clock, log, random }: SensorDeps,
): Promise<readonly Sensor[]> {
  const hardware = createHardware(systemTimers);
  const sensors: Sensor[] = [];
  for (const one of config.sensors) {
    const deps = { clock, log, timers: systemTimers, random: random.fork(), hardware };
    sensors.push(await createSensor(one, deps));
  }
  return sensors;
}

/** Makes what watches the neighbour table; `ownKeys` are the rows this node wrote before. */
export function wireWatch(
  config: Config,
  { clock, log }: Omit<SensorDeps, "random">,
  ownKeys: Iterable<string>,
): NeighbourWatch | undefined {
  const { record, interfaces, keepMs, updateIntervalMs } = config.neighbours;
  // "registered" shares what people registered; nobody can until people are part of the mesh.
  if (record !== "all") return undefined;
  const known = [...ownKeys].map(parseDeviceKey).filter((mac) => mac !== undefined);
  const read = createIpNeigh({ interfaces, log });
  return new NeighbourWatch({
    read,
    updateIntervalMs,
    keepMs,
    clock,
    timers: systemTimers,
    log,
    known,
  });
}
