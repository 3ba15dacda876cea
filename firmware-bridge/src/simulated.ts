import type { Random } from "../../src/base/random.ts";
import type { Clock, Millis } from "../../src/base/time.ts";
import { HOUR_MS, MINUTE_MS } from "../../src/base/time.ts";
import type { Kind } from "../../src/reading/kind.ts";
import type { Reading } from "../../src/reading/reading.ts";
import type { Sensor, SensorHealth } from "./sensor.ts";
import type { SimulatedKind } from "./simulated-office.ts";
import { SimulatedOffice } from "./simulated-office.ts";
import type { Timers } from "./timers.ts";

/** How long the room is lived in before its first reading, so that rooms differ from the start. */
const WARM_UP_MS = 90 * MINUTE_MS;

export interface SimulatedOptions {
  readonly name: string;
  readonly room?: string;
  readonly kinds: readonly SimulatedKind[];
  readonly updateIntervalMs: Millis;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** The `simulated` platform: a room that nobody built. */
export class SimulatedDriver implements Sensor {
  readonly platform = "simulated";
  readonly name: string;
  private readonly office: SimulatedOffice;
  private cancel: (() => void) | undefined;
  private lastMs: Millis;

  constructor(private readonly options: SimulatedOptions) {
    this.name = options.name;
    this.office = new SimulatedOffice(options.random);
    this.lastMs = options.clock.monotonicMs() - WARM_UP_MS;
  }

  kinds(): readonly Kind[] {
    return this.options.kinds;
  }

  start(emit: (reading: Reading) => void): void {
    const beat = () => {
      // The next one is set first: what an emit throws must not still the room.
      this.cancel = this.options.timers.set(this.options.updateIntervalMs, beat);
      this.measure(emit);
    };
    beat();
  }

  health(): SensorHealth {
    return { state: "simulated" };
  }

  async stop(): Promise<void> {
    this.cancel?.();
  }

  private measure(emit: (reading: Reading) => void): void {
    const { clock, room, name: sensor, updateIntervalMs: everyMs } = this.options;
    const nowMs = clock.monotonicMs();
    const hour = localHour(clock.wallMs());
    this.office.advance(nowMs - this.lastMs, hour, nowMs);
    this.lastMs = nowMs;
    const where = room === undefined ? {} : { room };
    for (const kind of this.options.kinds) {
      const value = this.office.measure(kind, hour);
      emit({ sensor, kind, value, ...where, simulated: true, everyMs });
    }
  }
}

/** The local time of day in hours, [0, 24). */
function localHour(wallMs: Millis): number {
  const offsetMs = new Date(wallMs).getTimezoneOffset() * MINUTE_MS;
  const dayMs = 24 * HOUR_MS;
  const localMs = wallMs - offsetMs;
  return (((localMs % dayMs) + dayMs) % dayMs) / HOUR_MS;
}
