import { createHardware } from "../../firmware-bridge/src/hardware.ts";
import { linesOf, type Scan, scanSensors } from "../../firmware-bridge/src/scan.ts";
import { systemTimers } from "../../firmware-bridge/src/timers.ts";

/** What is on this machine's buses, with the lines of configuration for it. */
export async function look(
  hardware = createHardware(systemTimers),
): Promise<Scan & { readonly lines: readonly string[] }> {
  const scan = await scanSensors(hardware, systemTimers);
  const items = scan.found.flatMap(({ item }) => (item === undefined ? [] : [item]));
  const lines = items.length === 0 ? [] : ["sensors:", ...linesOf(items)];
  return { ...scan, lines };
}
