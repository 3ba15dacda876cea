import type { Log } from "../../../src/base/log.ts";
import type { Random } from "../../../src/base/random.ts";
import type { Clock, Millis } from "../../../src/base/time.ts";
import type { Kind } from "../../../src/reading/kind.ts";
import type { Passage } from "../../../src/reading/passage.ts";
import type { Reading } from "../../../src/reading/reading.ts";
import { type Beam, Doorway } from "../doorway.ts";
import { LineWatch } from "../gpio/line-watch.ts";
import type { OpenLine } from "../gpio/port.ts";
import type { Sensor, SensorHealth } from "../sensor.ts";
import type { Timers } from "../timers.ts";

export interface DoorCounterOptions {
  readonly name: string;
  readonly room?: string;
  readonly pinOutside: number;
  readonly pinInside: number;
  readonly chip?: string;
  /** Which level a broken beam gives; low is what receivers with an open collector do. */
  readonly polarity: "low means broken" | "high means broken";
  readonly everyMs: Millis;
  readonly open: OpenLine;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/**
 * The `door_counter` platform: people in the room, by two beams in its door.
 *
 * Each passage is told as it is; the node adds up what all doors of a room ever saw. The count
 * of its own is since its start, and never falls below 0.
 */
export class DoorCounterDriver implements Sensor {
  readonly platform = "door_counter";
  readonly name: string;
  private readonly doorway = new Doorway();
  private readonly lines: readonly LineWatch[];
  private emit: ((reading: Reading) => void) | undefined;
  private passed: ((passage: Passage) => void) | undefined;
  private cancelBeat: (() => void) | undefined;
  private count = 0;

  constructor(private readonly options: DoorCounterOptions) {
    this.name = options.name;
    this.lines = [
      this.watch("outside", options.pinOutside),
      this.watch("inside", options.pinInside),
    ];
  }

  kinds(): readonly Kind[] {
    return ["count"];
  }

  start(emit: (reading: Reading) => void): void {
    this.emit = emit;
    this.tellPassage({ ins: 0, outs: 0 });
    for (const line of this.lines) line.start();
    const beat = () => {
      this.cancelBeat = this.options.timers.set(this.options.everyMs, beat);
      if (this.health().state === "ok") this.tell();
    };
    beat();
  }

  onPassage(listener: (passage: Passage) => void): void {
    this.passed = listener;
  }

  health(): SensorHealth {
    const error = this.lines.map((line) => line.error()).find((reason) => reason !== undefined);
    return error === undefined ? { state: "ok" } : { state: "failing", error };
  }

  async stop(): Promise<void> {
    this.emit = undefined;
    this.passed = undefined;
    this.cancelBeat?.();
    await Promise.all(this.lines.map((line) => line.stop()));
  }

  private watch(beam: Beam, pin: number): LineWatch {
    const { open, timers, random, clock, log, chip, polarity } = this.options;
    const brokenLevel = polarity === "low means broken" ? 0 : 1;
    return new LineWatch({
      request: { pin, ...(chip === undefined ? {} : { chip }) },
      open,
      timers,
      random,
      heard: (level) => {
        const state = level === brokenLevel ? "broken" : "whole";
        const passage = this.doorway.see(beam, state, clock.monotonicMs());
        if (passage === undefined) return;
        this.count = Math.max(0, this.count + (passage === "in" ? 1 : -1));
        this.tellPassage(passage === "in" ? { ins: 1, outs: 0 } : { ins: 0, outs: 1 });
        this.tell();
      },
      told: (error) => {
        this.doorway.reset();
        if (error !== undefined) log.write("warn", "beam fails", { sensor: this.name, error });
      },
    });
  }

  private tellPassage(people: Pick<Passage, "ins" | "outs">): void {
    const { name: sensor, room } = this.options;
    this.passed?.({ sensor, ...people, ...(room === undefined ? {} : { room }) });
  }

  private tell(): void {
    const { name: sensor, room, everyMs } = this.options;
    const where = room === undefined ? {} : { room };
    this.emit?.({ sensor, kind: "count", value: this.count, ...where, simulated: false, everyMs });
  }
}
