import type { Log } from "../../src/base/log.ts";
import type { Result } from "../../src/base/result.ts";
import type { Clock, Millis } from "../../src/base/time.ts";
import type { FilterSpec } from "../../src/reading/filter-spec.ts";
import { defaultFilters, heartbeatOf, withHeartbeat } from "../../src/reading/filter-spec.ts";
import type { FilterChain } from "../../src/reading/filters.ts";
import { createFilterChain } from "../../src/reading/filters.ts";
import type { Kind } from "../../src/reading/kind.ts";
import { createPlausibilityGate } from "../../src/reading/plausibility.ts";
import type { Reading } from "../../src/reading/reading.ts";
import { MinuteReport } from "./minute-report.ts";
import type { PushedReading, PushSensor } from "./push.ts";
import type { Sensor, SensorHealth } from "./sensor.ts";
import type { Timers } from "./timers.ts";

/** Filters per kind, as configured; a kind without any has its default chain. */
export type FiltersByKind = { readonly [K in Kind]?: readonly FilterSpec[] };

export interface FilterDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** Chains one sensor may keep: a box's 64 sub-sensors with some kinds each. A guess. */
const CHAINS_COUNT_MAX = 256;

interface Line {
  readonly chain: FilterChain;
  readonly silenceMs: Millis;
  /** What the last value came with. */
  last: Reading;
  cancel: (() => void) | undefined;
}

/** A driver whose readings go through the filters, one chain for each sensor name and kind. */
export class FilteredSensor implements Sensor {
  private readonly lines = new Map<string, Line>();
  private readonly gate = createPlausibilityGate();
  private readonly refused: MinuteReport;
  private emit: ((reading: Reading) => void) | undefined;

  constructor(
    private readonly driver: Sensor,
    private readonly filters: FiltersByKind,
    private readonly deps: FilterDeps,
  ) {
    const fields = { sensor: driver.name };
    this.refused = new MinuteReport(deps.log, deps.timers, "refused readings", fields);
  }

  get name(): string {
    return this.driver.name;
  }

  get platform(): string {
    return this.driver.platform;
  }

  kinds(): readonly Kind[] {
    return this.driver.kinds();
  }

  start(emit: (reading: Reading) => void): void {
    this.emit = emit;
    this.driver.start((reading) => this.take(reading));
  }

  health(): SensorHealth {
    return this.driver.health();
  }

  async stop(): Promise<void> {
    this.emit = undefined;
    for (const line of this.lines.values()) line.cancel?.();
    this.lines.clear();
    await this.driver.stop();
    this.refused.flush();
  }

  private take(reading: Reading): void {
    const value = this.pass(reading.kind, reading.value);
    const line = this.lineOf(reading);
    if (value === undefined || line === undefined) return;
    line.last = reading;
    this.tell(line, line.chain.input(value, this.deps.clock.monotonicMs()));
  }

  private tell(line: Line, filtered: number | undefined): void {
    line.cancel?.();
    line.cancel = undefined;
    const { chain, last } = line;
    const dueMs = chain.dueMs();
    if (dueMs !== undefined && this.emit !== undefined) {
      // A whole millisecond at least: timers may fire a little early, and would spin.
      const afterMs = Math.max(1, Math.ceil(dueMs - this.deps.clock.monotonicMs()));
      line.cancel = this.deps.timers.set(afterMs, () => {
        this.tell(line, chain.tick(this.deps.clock.monotonicMs()));
      });
    }
    if (filtered === undefined) return;
    // Again, because an offset may have moved it out of what can be.
    const value = this.pass(last.kind, filtered);
    if (value === undefined) return;
    this.emit?.({ ...last, value, everyMs: Math.max(last.everyMs, line.silenceMs) });
  }

  private pass(kind: Kind, value: number): number | undefined {
    const passed = this.gate.pass(kind, value);
    if (passed === undefined) this.refused.count(`implausible ${kind}`);
    return passed;
  }

  private lineOf(reading: Reading): Line | undefined {
    const key = `${reading.sensor} ${reading.kind}`;
    const known = this.lines.get(key);
    if (known !== undefined) return known;
    if (this.lines.size >= CHAINS_COUNT_MAX) {
      this.refused.count("too many sensors");
      return undefined;
    }
    const specs = withHeartbeat(this.filters[reading.kind] ?? defaultFilters(reading.kind));
    const silenceMs = heartbeatOf(specs) ?? 0;
    const line = { chain: createFilterChain(specs), silenceMs, last: reading, cancel: undefined };
    this.lines.set(key, line);
    return line;
  }
}

/** The same for a push sensor, which has to be spoken to as well. */
export class FilteredPushSensor extends FilteredSensor implements PushSensor {
  constructor(
    private readonly target: PushSensor,
    filters: FiltersByKind,
    deps: FilterDeps,
  ) {
    super(target, filters, deps);
  }

  push(pushed: PushedReading): Result<Reading> {
    return this.target.push(pushed);
  }
}
