import { access, constants } from "node:fs/promises";
import { userInfo } from "node:os";
import type { Hardware } from "../../firmware-bridge/src/hardware.ts";
import { busNumbers } from "../../firmware-bridge/src/scan.ts";
import type { SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";
import { type Finding, failure, fine, warning } from "./finding.ts";

const CHECK = "groups";
const GPIO_EXPORT = "/sys/class/gpio/export";

interface Way {
  readonly path: string;
  readonly group: "gpio" | "i2c" | "dialout";
  /** A sensor of the configuration needs it. */
  readonly need: "needed" | "not needed";
}

/** Whether this user may use the buses, lines and ports that are here. */
export async function checkAccess(
  sensors: readonly SensorConfig[],
  files: Hardware["files"],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const open: string[] = [];
  for (const { path, group, need } of await ways(sensors, files)) {
    const code = await whyNot(path);
    if (code === undefined) open.push(path);
    if (code !== "EACCES" && code !== "EPERM") continue;
    const says = `no permission on ${path}`;
    const mend = `sudo usermod -aG ${group} ${userInfo().username}, then log in again`;
    findings.push(need === "needed" ? failure(CHECK, says, mend) : warning(CHECK, says, mend));
  }
  if (findings.length > 0) return findings;
  return [fine(CHECK, open.length === 0 ? "nothing that needs one" : `may use ${open.join(", ")}`)];
}

async function ways(
  sensors: readonly SensorConfig[],
  files: Hardware["files"],
): Promise<readonly Way[]> {
  const buses = new Set(sensors.flatMap((one) => ("i2cBus" in one ? [one.i2cBus] : [])));
  const needsLines = sensors.some(
    ({ platform }) => platform === "gpio" || platform === "door_counter",
  );
  const lines = (await whyNot(GPIO_EXPORT)) === "ENOENT" ? await gpioChips(files) : [GPIO_EXPORT];
  return [
    ...(await busNumbers(files)).map(
      (number): Way => ({
        path: `/dev/i2c-${number}`,
        group: "i2c",
        need: buses.has(number) ? "needed" : "not needed",
      }),
    ),
    ...lines.map(
      (path): Way => ({ path, group: "gpio", need: needsLines ? "needed" : "not needed" }),
    ),
    ...sensors.flatMap((one): readonly Way[] =>
      one.platform === "serial" ? [{ path: one.path, group: "dialout", need: "needed" }] : [],
    ),
  ];
}

async function gpioChips(files: Hardware["files"]): Promise<readonly string[]> {
  const entries = await files.list("/dev");
  return entries.filter((name) => /^gpiochip\d+$/.test(name)).map((name) => `/dev/${name}`);
}

async function whyNot(path: string): Promise<string | undefined> {
  // What sysfs has to export a line can be written to, never read.
  const mode = path === GPIO_EXPORT ? constants.W_OK : constants.R_OK | constants.W_OK;
  return access(path, mode).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code ?? "unknown",
  );
}
