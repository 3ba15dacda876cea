import { access, constants } from "node:fs/promises";
import type { Hardware } from "../../firmware-bridge/src/hardware.ts";
import { busNumbers } from "../../firmware-bridge/src/scan.ts";
import type { SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";

const GPIO_EXPORT = "/sys/class/gpio/export";

/** A file by which a bus, a line or a port is used. */
export interface Way {
  readonly path: string;
  /** What sysfs has to export a line can be written to, never read. */
  readonly use: "read and write" | "write";
  readonly group: "gpio" | "i2c" | "dialout";
  /** A sensor of the configuration needs it. */
  readonly need: "needed" | "not needed";
}

/** The buses and lines of this machine, and the serial ports that are configured. */
export async function ways(
  sensors: readonly SensorConfig[],
  files: Hardware["files"],
): Promise<readonly Way[]> {
  const buses = new Set(sensors.flatMap((one) => ("i2cBus" in one ? [one.i2cBus] : [])));
  const needsLines = sensors.some(
    ({ platform }) => platform === "gpio" || platform === "door_counter",
  );
  const hasSysfs = (await whyNot(GPIO_EXPORT, "write")) !== "ENOENT";
  const lines = hasSysfs ? [GPIO_EXPORT] : await gpioChips(files);
  const use = "read and write";
  return [
    ...(await busNumbers(files)).map(
      (number): Way => ({
        path: `/dev/i2c-${number}`,
        use,
        group: "i2c",
        need: buses.has(number) ? "needed" : "not needed",
      }),
    ),
    ...lines.map(
      (path): Way => ({
        path,
        use: hasSysfs ? "write" : use,
        group: "gpio",
        need: needsLines ? "needed" : "not needed",
      }),
    ),
    ...sensors.flatMap((one): readonly Way[] =>
      one.platform === "serial" ? [{ path: one.path, use, group: "dialout", need: "needed" }] : [],
    ),
  ];
}

async function gpioChips(files: Hardware["files"]): Promise<readonly string[]> {
  const entries = await files.list("/dev");
  return entries.filter((name) => /^gpiochip\d+$/.test(name)).map((name) => `/dev/${name}`);
}

/** The kernel's code where this user may not use it so. */
export async function whyNot(path: string, use: Way["use"]): Promise<string | undefined> {
  const mode = use === "write" ? constants.W_OK : constants.R_OK | constants.W_OK;
  return access(path, mode).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code ?? "unknown",
  );
}
