import * as v from "valibot";
import type { SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";
import { sensor } from "./schema-sensors.ts";
import { sensorSettings } from "./sensor-settings.ts";

/** Items of `sensors:` that a scan wrote, complete. One that the schema refuses is left out. */
export function settingsOf(items: readonly object[]): readonly SensorConfig[] {
  return items.flatMap((item) => {
    const parsed = v.safeParse(sensor, item);
    return parsed.success ? [sensorSettings(parsed.output)] : [];
  });
}

/** Whether some sensor of the configuration is the one that a scan wrote this item for. */
export function isConfigured(item: object | undefined, sensors: readonly SensorConfig[]): boolean {
  const [seen] = item === undefined ? [] : settingsOf([item]);
  if (seen === undefined) return false;
  return sensors.some((one) => {
    if ("i2cBus" in one && "i2cBus" in seen) {
      return one.i2cBus === seen.i2cBus && one.address === seen.address;
    }
    if (one.platform === "iio" && seen.platform === "iio") {
      return one.device === undefined || one.device === seen.device;
    }
    if (one.platform === "w1" && seen.platform === "w1") {
      return one.id === undefined || one.id === seen.id;
    }
    return one.platform === "serial" && seen.platform === "serial";
  });
}
