import type { Hardware } from "../../firmware-bridge/src/hardware.ts";
import { type Scan, scanSensors } from "../../firmware-bridge/src/scan.ts";
import type { SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";
import type { Timers } from "../../firmware-bridge/src/timers.ts";
import { isConfigured } from "../config/found-sensors.ts";
import { missingBus } from "./boot-config.ts";
import { type Finding, fine, fromLine, warning } from "./finding.ts";

const CHECK = "buses";
const PASTE = '"watercooler sensors scan" prints the lines to paste';

/** What answers on the buses, and what of it no sensor of the configuration uses. */
export async function checkBuses(
  sensors: readonly SensorConfig[],
  source: "configured" | "found",
  hardware: Hardware,
  timers: Timers,
): Promise<readonly Finding[]> {
  const scan = await scanSensors(hardware, timers);
  const seen = scan.found.map((found): Finding => {
    const says = `${found.where}: ${found.what}`;
    const isUsed =
      isConfigured(found.item, sensors) || (source === "found" && found.use === "by itself");
    if (isUsed || found.item === undefined) return fine(CHECK, says);
    return warning(CHECK, `${says}, not configured`, PASTE);
  });
  return [...seen, ...troubles(scan, sensors), ...(await missing(scan, sensors, hardware.files))];
}

function troubles(scan: Scan, sensors: readonly SensorConfig[]): readonly Finding[] {
  return scan.troubles.map(({ where, says }) => {
    const isNeeded = sensors.some((one) => "i2cBus" in one && `i2c-${one.i2cBus}` === where);
    return fromLine(CHECK, isNeeded ? "fail" : "warn", says);
  });
}

async function missing(
  scan: Scan,
  sensors: readonly SensorConfig[],
  files: Hardware["files"],
): Promise<readonly Finding[]> {
  const wanted = new Set(sensors.flatMap((one) => ("i2cBus" in one ? [one.i2cBus] : [])));
  const absent = [...wanted].filter((number) => !scan.buses.includes(number));
  const findings = await Promise.all(absent.map((number) => missingBus(number, files)));
  if (findings.length > 0 || scan.found.length + scan.troubles.length > 0) return findings;
  const count = scan.buses.length;
  return [fine(CHECK, count === 0 ? "no I2C bus here" : `nothing on ${count} I2C buses`)];
}
