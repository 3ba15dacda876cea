import type { Log } from "../../src/base/log.ts";
import type { Result } from "../../src/base/result.ts";
import { type Clock, HOUR_MS, type Millis } from "../../src/base/time.ts";
import { humidityAt } from "../../src/reading/dew-point.ts";
import type { FilterSpec } from "../../src/reading/filter-spec.ts";
import { defaultFilters, heartbeatOf, withHeartbeat } from "../../src/reading/filter-spec.ts";
import { rounded } from "../../src/reading/filter-stages.ts";
import type { FilterChain } from "../../src/reading/filters.ts";
import { createCalibration, createFilterChain } from "../../src/reading/filters.ts";
import type { Kind } from "../../src/reading/kind.ts";
import type { Passage } from "../../src/reading/passage.ts";
import { createPlausibilityGate } from "../../src/reading/plausibility.ts";
import type { Reading } from "../../src/reading/reading.ts";
import type { SpikeGate, StuckWatch } from "../../src/reading/spikes.ts";
import { createSpikeGate, createStuckWatch, STUCK_MS } from "../../src/reading/spikes.ts";
import { MinuteReport } from "./minute-report.ts";
import type { PushedReading, PushSensor } from "./push.ts";
import type { LatestValue, Sensor, SensorHealth } from "./sensor.ts";
import type { Timers } from "./timers.ts";

/** Filters per kind, as configured; a kind without any has its default chain. */
export type FiltersByKind = { readonly [K in Kind]?: readonly FilterSpec[] };

export interface FilterDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** A chip is also watched for spikes and for a value that never moves. */
  readonly guard?: "chip";
}

/** Digits of an offset: more than any sensor here is good for. */
const OFFSET_DECIMALS = 2;
/** Chains one sensor may keep: a box's 64 sub-sensors with some kinds each. A guess. */
const CHAINS_COUNT_MAX = 256;

interface Line {
  readonly chain: FilterChain;
  readonly silenceMs: Millis;
  readonly spikes: SpikeGate | undefined;
  readonly stuck: StuckWatch | undefined;
  /** What the last value came with. */
  last: Reading;
  raw: number;
  told: number | undefined;
  health: "moving" | "stuck";
  cancel: (() => void) | undefined;
}

/** A driver whose readings go through the filters, one chain for each sensor name and kind. */
export class FilteredSensor implements Sensor {
  private readonly lines = new Map<string, Line>();
  private readonly gate = createPlausibilityGate();
  private readonly refused: MinuteReport;
  private readonly offsets = new Map<string, number>();
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

  /** Nobody is filtered out. */
  onPassage(listener: (passage: Passage) => void): void {
    this.driver.onPassage?.(listener);
  }

  /** The driver's own, unless a value has not moved for so long that it can't be true. */
  health(): SensorHealth {
    const health = this.driver.health();
    if (health.state !== "ok") return health;
    const stuck = [...this.lines.values()].find((line) => line.health === "stuck");
    if (stuck === undefined) return health;
    const { kind, value } = stuck.last;
    const error = `${kind} has been exactly ${value} for ${STUCK_MS / HOUR_MS} h: is it stuck?`;
    return { state: "failing", error };
  }

  latest(): readonly LatestValue[] {
    return [...this.lines.values()].map(({ last, raw, told }) => {
      const value = told === undefined ? {} : { value: told };
      return { sensor: last.sensor, kind: last.kind, raw, ...value };
    });
  }

  calibrate(sensor: string, kind: Kind, offset: number): void {
    this.offsets.set(`${sensor} ${kind}`, offset);
  }

  offsetFor(kind: Kind, raw: number, reference: number): number {
    const configured = createCalibration(this.filters[kind] ?? []);
    // They are straight lines, or near one: a `multiply` makes an offset before it count more.
    const slope = configured(raw + 1) - configured(raw);
    return rounded((reference - configured(raw)) / slope, OFFSET_DECIMALS);
  }

  refusedReadings(): ReadonlyMap<string, number> {
    return this.refused.counts();
  }

  async stop(): Promise<void> {
    this.emit = undefined;
    for (const line of this.lines.values()) line.cancel?.();
    this.lines.clear();
    await this.driver.stop();
    this.refused.flush();
  }

  private take(reading: Reading): void {
    const raw = this.pass(reading.kind, reading.value);
    if (raw === undefined) return;
    const line = this.lineOf(reading);
    if (line === undefined) return;
    const nowMs = this.deps.clock.monotonicMs();
    if (line.spikes?.pass(raw, nowMs) === false) {
      this.refused.count(`${reading.kind} spike`);
      return;
    }
    line.last = reading;
    line.raw = raw;
    line.health = line.stuck?.isStuck(raw, nowMs) === true ? "stuck" : "moving";
    this.tell(line, line.chain.input(this.mend(reading, this.offset(reading) + raw), nowMs));
  }

  private offset({ sensor, kind }: Pick<Reading, "sensor" | "kind">): number {
    return this.offsets.get(`${sensor} ${kind}`) ?? 0;
  }

  /** A humidity was measured at the sensor's temperature; it is told at the room's. */
  private mend({ sensor, kind }: Reading, value: number): number {
    const measured = this.lines.get(`${sensor} temperature`)?.raw;
    if (kind !== "humidity" || measured === undefined) return value;
    const configured = createCalibration(this.filters.temperature ?? []);
    const room = configured(measured + this.offset({ sensor, kind: "temperature" }));
    return room === measured ? value : humidityAt(value, measured, room);
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
    line.told = value;
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
    const isChip = this.deps.guard === "chip";
    const line: Line = {
      chain: createFilterChain(specs),
      silenceMs,
      spikes: isChip ? createSpikeGate(reading.kind) : undefined,
      stuck: isChip ? createStuckWatch(reading.kind) : undefined,
      last: reading,
      raw: reading.value,
      told: undefined,
      health: "moving",
      cancel: undefined,
    };
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
