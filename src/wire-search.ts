import { lineOf, withDeadline } from "../firmware-bridge/src/deadline.ts";
import type { Hardware } from "../firmware-bridge/src/hardware.ts";
import type { Scan, SensorItem } from "../firmware-bridge/src/scan.ts";
import type { SensorConfig } from "../firmware-bridge/src/sensor-config.ts";
import type { Timers } from "../firmware-bridge/src/timers.ts";
import { type Clock, SECOND_MS } from "./base/time.ts";
import type { BusesView } from "./node/read-side.ts";

/** However many pages ask, the buses are looked at so often. A guess: who wires waits longer. */
const AGAIN_MS = 5 * SECOND_MS;
/** A bus that hangs is not waited for longer. A guess: one takes 0.1 s when well. */
const SEARCH_MS_MAX = 10 * SECOND_MS;

interface SearchParts {
  readonly hardware: Hardware;
  readonly timers: Timers;
  readonly clock: Clock;
  /** Sensors that run. */
  readonly used: readonly SensorConfig[];
  /** Items that are used with no configuration: once there is one, they have to be in it. */
  readonly kept: readonly SensorItem[];
}

/** Looks at the buses for whoever asks, one search at a time. Never rejects. */
export function searchOf(parts: SearchParts): () => Promise<BusesView> {
  const { clock } = parts;
  let last: { readonly view: Promise<BusesView>; readonly endMs: () => number } | undefined;
  return () => {
    if (last !== undefined && clock.monotonicMs() < last.endMs()) return last.view;
    let endMs = Number.POSITIVE_INFINITY;
    const view = search(parts).finally(() => {
      endMs = clock.monotonicMs() + AGAIN_MS;
    });
    last = { view, endMs: () => endMs };
    return view;
  };
}

async function search({ hardware, timers, used, kept }: SearchParts): Promise<BusesView> {
  const { linesOf, scanSensors } = await import("../firmware-bridge/src/scan.ts");
  const { isConfigured } = await import("./config/found-sensors.ts");
  const inUse = used.flatMap((one) => ("i2cBus" in one ? [one] : []));
  const scan = scanSensors(hardware, timers, inUse);
  const late = () => `looking for sensors took over ${SEARCH_MS_MAX / SECOND_MS} s: a bus hangs`;
  let seen: Scan;
  try {
    seen = await withDeadline(timers, SEARCH_MS_MAX, scan, late);
  } catch (error) {
    return { found: [], troubles: [{ where: "buses", says: lineOf(error) }], buses: 0, lines: [] };
  }
  const fresh: SensorItem[] = [];
  const names = new Set(used.map(({ name }) => name));
  const found = seen.found.map(({ where, what, item }) => {
    if (item === undefined) return { where, what, state: "unknown" } as const;
    if (isConfigured(item, used)) return { where, what, state: "used" } as const;
    fresh.push({ ...item, name: freeName(item.name, names) });
    return { where, what, state: "new" } as const;
  });
  const lines = fresh.length === 0 ? [] : ["sensors:", ...linesOf([...kept, ...fresh])];
  return { found, troubles: seen.troubles, buses: seen.buses.length, lines };
}

/** The name, or the first of `name-2`, `name-3` that is not taken; it is then. */
function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let count = 2; taken.has(free); count++) free = `${name}-${count}`;
  taken.add(free);
  return free;
}
