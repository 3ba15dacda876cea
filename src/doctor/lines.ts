import { lineOf } from "../../firmware-bridge/src/deadline.ts";
import { askGpiod } from "../../firmware-bridge/src/gpio/gpiod-line.ts";
import { hasSysfsGpio } from "../../firmware-bridge/src/gpio/onoff-line.ts";
import { chooseChip } from "../../firmware-bridge/src/gpio/port.ts";
import { SYSFS_GPIO, sysfsChips } from "../../firmware-bridge/src/gpio/sysfs-chips.ts";
import type { SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";
import { type Finding, fine, fromLine } from "./finding.ts";

const CHECK = "lines";

/** Whether the GPIO chip of the configured lines is there, and by which way it is reached. */
export async function checkLines(sensors: readonly SensorConfig[]): Promise<readonly Finding[]> {
  const wanted = sensors.flatMap((one) => {
    const chip = "chip" in one && one.chip !== undefined ? { chip: one.chip } : {};
    if (one.platform === "gpio") return [{ pin: one.pin, ...chip }];
    return one.platform === "door_counter" ? [{ pin: one.pinOutside, ...chip }] : [];
  });
  if (wanted.length === 0) return [fine(CHECK, "none configured")];
  try {
    const { chips, place } = await ways();
    const used = new Set(wanted.map((request) => label(chooseChip(chips, request, place))));
    return [fine(CHECK, `${[...used].join(", ")} through ${place}`)];
  } catch (error) {
    return [fromLine(CHECK, "fail", lineOf(error))];
  }
}

async function ways() {
  if (await hasSysfsGpio()) return { chips: await sysfsChips(), place: SYSFS_GPIO };
  return { chips: (await askGpiod()).chips, place: "gpiodetect" };
}

function label(chip: { readonly label: string; readonly at: string }): string {
  return `${chip.label} (${chip.at})`;
}
