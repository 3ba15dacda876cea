import { openGpiodLine } from "./gpiod-line.ts";
import { hasSysfsGpio, openOnoffLine } from "./onoff-line.ts";
import type { OpenLine } from "./port.ts";

/** Opens a line of this machine: through sysfs while kernels have it, else the character device. */
export const openLine: OpenLine = async (request, events) =>
  (await hasSysfsGpio()) ? openOnoffLine(request, events) : openGpiodLine(request, events);
