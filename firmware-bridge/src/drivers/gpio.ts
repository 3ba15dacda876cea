import type { Log } from "../../../src/base/log.ts";
import type { Random } from "../../../src/base/random.ts";
import type { Clock, Millis } from "../../../src/base/time.ts";
import { createFilterChain, type FilterChain } from "../../../src/reading/filters.ts";
import type { Kind } from "../../../src/reading/kind.ts";
import type { Reading } from "../../../src/reading/reading.ts";
import { LineWatch } from "../gpio/line-watch.ts";
import type { LineRequest, OpenLine } from "../gpio/port.ts";
import type { Sensor, SensorHealth } from "../sensor.ts";
import type { Timers } from "../timers.ts";

export interface GpioOptions extends LineRequest {
  readonly name: string;
  readonly room?: string;
  readonly kind: "motion" | "contact";
  /** Where a low line means yes. */
  readonly polarity: "high means yes" | "low means yes";
  readonly debounceMs: Millis;
  readonly everyMs: Millis;
  readonly open: OpenLine;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/** The `gpio` platform: yes or no from one line, told at its edge. */
export class GpioDriver implements Sensor {
  readonly platform = "gpio";
  readonly name: string;
  private readonly line: LineWatch;
  private readonly debounce: FilterChain;
  private emit: ((reading: Reading) => void) | undefined;
  private cancelTick: (() => void) | undefined;
  private cancelBeat: (() => void) | undefined;
  private last: number | undefined;

  constructor(private readonly options: GpioOptions) {
    this.name = options.name;
    this.debounce = createFilterChain([{ settle: options.debounceMs }]);
    this.line = new LineWatch({
      request: options,
      open: options.open,
      timers: options.timers,
      random: options.random,
      heard: (level) => {
        const isYes = (level === 1) === (options.polarity === "high means yes");
        this.settle(this.debounce.input(isYes ? 1 : 0, options.clock.monotonicMs()));
      },
      told: (error) => {
        if (error === undefined) options.log.write("info", "line is open", { sensor: this.name });
        else options.log.write("warn", "line fails", { sensor: this.name, error });
      },
    });
  }

  kinds(): readonly Kind[] {
    return [this.options.kind];
  }

  start(emit: (reading: Reading) => void): void {
    this.emit = emit;
    this.line.start();
    // A line that rests is alive all the same: said again, for the filters' heartbeat.
    const beat = () => {
      this.cancelBeat = this.options.timers.set(this.options.everyMs, beat);
      if (this.line.error() === undefined) this.tell(this.last);
    };
    this.cancelBeat = this.options.timers.set(this.options.everyMs, beat);
  }

  health(): SensorHealth {
    const error = this.line.error();
    return error === undefined ? { state: "ok" } : { state: "failing", error };
  }

  async stop(): Promise<void> {
    this.emit = undefined;
    this.cancelTick?.();
    this.cancelBeat?.();
    await this.line.stop();
  }

  private settle(value: number | undefined): void {
    const { clock, timers } = this.options;
    this.cancelTick?.();
    const dueMs = this.debounce.dueMs();
    if (dueMs !== undefined) {
      const afterMs = Math.max(1, Math.ceil(dueMs - clock.monotonicMs()));
      this.cancelTick = timers.set(afterMs, () => {
        this.settle(this.debounce.tick(clock.monotonicMs()));
      });
    }
    if (value !== undefined) this.last = value;
    this.tell(value);
  }

  private tell(value: number | undefined): void {
    if (value === undefined) return;
    const { name: sensor, kind, room, everyMs } = this.options;
    const where = room === undefined ? {} : { room };
    this.emit?.({ sensor, kind, value, ...where, simulated: false, everyMs });
  }
}
