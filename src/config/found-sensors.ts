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
