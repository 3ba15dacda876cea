import type { Log } from "../../src/base/log.ts";
import type { Random } from "../../src/base/random.ts";
import { jittered } from "../../src/base/random.ts";
import type { Clock, Millis } from "../../src/base/time.ts";
import { MINUTE_MS, SECOND_MS } from "../../src/base/time.ts";
import type { Kind } from "../../src/reading/kind.ts";
import type { Reading } from "../../src/reading/reading.ts";
import { lineOf, withDeadline } from "./deadline.ts";
import type { Gauge } from "./gauge.ts";
import type { Sensor, SensorHealth } from "./sensor.ts";
import type { Timers } from "./timers.ts";

/** The first pause after a failure, doubling. A guess: a loose wire is pushed back within it. */
export const RETRY_MS_MIN = SECOND_MS;
/** Whoever mends a sensor waits no longer than this, or its own interval, to see it. A guess. */
export const RETRY_MS_MAX = MINUTE_MS;
const RETRY_JITTER_SHARE = 0.1;
/** A stop does not wait longer for a measurement under way: it hangs. A guess. */
const STOP_MS_MAX = SECOND_MS;

export interface PolledOptions {
  readonly name: string;
  readonly platform: string;
  readonly room?: string;
  readonly everyMs: Millis;
  readonly gauge: Gauge;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/** A gauge asked at its interval; after a failure with growing pauses; never twice at once. */
export class PolledSensor implements Sensor {
  readonly name: string;
  readonly platform: string;
  private error: string | undefined;
  private retryMs = RETRY_MS_MIN;
  private emit: ((reading: Reading) => void) | undefined;
  private cancel: (() => void) | undefined;
  private measuring: Promise<void> | undefined;

  constructor(private readonly options: PolledOptions) {
    this.name = options.name;
    this.platform = options.platform;
  }

  kinds(): readonly Kind[] {
    return this.options.gauge.kinds();
  }

  start(emit: (reading: Reading) => void): void {
    this.emit = emit;
    this.measuring = this.measure();
  }

  health(): SensorHealth {
    return this.error === undefined ? { state: "ok" } : { state: "failing", error: this.error };
  }

  async stop(): Promise<void> {
    this.emit = undefined;
    this.cancel?.();
    const { timers, gauge } = this.options;
    const finish = Promise.resolve(this.measuring).then(() => gauge.close());
    await withDeadline(timers, STOP_MS_MAX, finish, () => "hangs").catch(() => {});
  }

  private async measure(): Promise<void> {
    const { clock, gauge, everyMs } = this.options;
    const startedMs = clock.monotonicMs();
    let restMs: Millis;
    try {
      const values = await gauge.measure();
      if (this.error !== undefined) this.say("info", "sensor answers again", {});
      this.error = undefined;
      this.retryMs = RETRY_MS_MIN;
      for (const measured of values) this.tell(measured);
      restMs = Math.max(0, everyMs - (clock.monotonicMs() - startedMs));
    } catch (error) {
      restMs = this.fail(lineOf(error));
    }
    if (this.emit === undefined) return;
    this.cancel = this.options.timers.set(restMs, () => {
      this.measuring = this.measure();
    });
  }

  private tell({ kind, value, part }: { kind: Kind; value: number; part?: string }): void {
    const { room, everyMs } = this.options;
    const where = room === undefined ? {} : { room };
    const sensor = part === undefined ? this.name : `${this.name}.${part}`;
    this.emit?.({ sensor, kind, value, ...where, simulated: false, everyMs });
  }

  private fail(reason: string): Millis {
    // Told when it changes only: a sensor that stays away would fill the log otherwise.
    if (this.error !== reason) this.say("warn", "sensor fails", { error: reason });
    this.error = reason;
    const { random, everyMs } = this.options;
    const restMs = jittered(random, this.retryMs, RETRY_JITTER_SHARE);
    this.retryMs = Math.min(Math.max(RETRY_MS_MAX, everyMs), this.retryMs * 2);
    return restMs;
  }

  private say(level: "info" | "warn", message: string, fields: Record<string, string>): void {
    this.options.log.write(level, message, { sensor: this.name, ...fields });
  }
}
