import { access, constants } from "node:fs/promises";
import { nativeModule } from "../native-module.ts";
import type { GpioLine, LineEvents, LineRequest } from "./port.ts";
import { lineError } from "./port.ts";
import { SYSFS_GPIO, sysfsNumber } from "./sysfs-chips.ts";

/** Where this kernel has GPIO in sysfs at all. */
export async function hasSysfsGpio(): Promise<boolean> {
  return access(`${SYSFS_GPIO}/export`).then(
    () => true,
    () => false,
  );
}

/** Opens a line through `onoff`, which is loaded only now. */
export async function openOnoffLine(request: LineRequest, events: LineEvents): Promise<GpioLine> {
  try {
    const number = await sysfsNumber(request);
    // Asked first: the package would try ten thousand times, and hold up the process for it.
    await access(`${SYSFS_GPIO}/export`, constants.W_OK);
    const { Gpio } = await nativeModule("onoff", () => import("onoff"));
    const line = new Gpio(number, "in", "both");
    let state: "open" | "closed" = "open";
    line.watch((error, level) => {
      if (state === "closed") return;
      if (error === null || error === undefined) return events.level(level);
      state = "closed";
      line.unexport();
      events.closed(lineError(request, error.message));
    });
    // After the watch, so that no edge falls between the two.
    events.level(line.readSync());
    return {
      close: async () => {
        if (state === "closed") return;
        state = "closed";
        line.unexport();
      },
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined && message !== "EINVAL") throw error;
    throw new Error(lineError(request, `${code ?? ""} ${message}`.trim()));
  }
}
