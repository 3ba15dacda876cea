import { BlockingBudget } from "./blocking-budget.ts";
import { openLine } from "./gpio/open.ts";
import type { OpenLine } from "./gpio/port.ts";
import { LinuxI2cBus } from "./i2c/linux.ts";
import type { I2cBus } from "./i2c/port.ts";
import { I2cQueue } from "./i2c/queue.ts";
import { LinuxFiles } from "./sysfs/linux.ts";
import type { SensorFiles } from "./sysfs/port.ts";
import type { Timers } from "./timers.ts";

/** What drivers reach the machine through; sensors of one node share it. */
export interface Hardware {
  /** The bus of this number, the same one at every call. */
  i2c(number: number): I2cBus;
  readonly openLine: OpenLine;
  readonly files: SensorFiles;
}

/** This machine's. Nothing is loaded or opened before it is used. */
export function createHardware(timers: Timers): Hardware {
  const budget = new BlockingBudget();
  const buses = new Map<number, I2cBus>();
  return {
    i2c: (number) => {
      const known = buses.get(number);
      if (known !== undefined) return known;
      const bus = new I2cQueue({ number, wire: new LinuxI2cBus(number), timers, budget });
      buses.set(number, bus);
      return bus;
    },
    openLine,
    files: new LinuxFiles({ timers, budget }),
  };
}
