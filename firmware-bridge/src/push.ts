import type { Result } from "../../src/base/result.ts";
import { err, ok } from "../../src/base/result.ts";
import type { Millis } from "../../src/base/time.ts";
import type { Kind } from "../../src/reading/kind.ts";
import { isKind, isPlausible, KIND_NAMES, KINDS } from "../../src/reading/kind.ts";
import {
  PASSING_COUNT_MAX,
  type Passage,
  peopleThrough,
  type Way,
} from "../../src/reading/passage.ts";
import type { Reading } from "../../src/reading/reading.ts";
import { isName } from "../../src/reading/reading.ts";
import type { Sensor, SensorHealth } from "./sensor.ts";

/** What a client of `POST /v1/readings` sends, the sensor's name already resolved. */
export interface PushedReading {
  readonly kind: string;
  readonly value: number | boolean;
  readonly room?: string;
  /** Of a count: so many went through a door, this way. */
  readonly passage?: Way;
}

/** A sensor that is told its readings. */
export interface PushSensor extends Sensor {
  /** Takes one reading; refuses, in words for the sender, what can't be one. */
  push(pushed: PushedReading): Result<Reading>;
}

export function isPushSensor(sensor: Sensor): sensor is PushSensor {
  return "push" in sensor && typeof sensor.push === "function";
}

/** The `push` platform: the API hands the readings of another program to it. */
export class PushDriver implements PushSensor {
  readonly platform = "push";
  private readonly seen = new Set<Kind>();
  private emit: ((reading: Reading) => void) | undefined;
  private passed: ((passage: Passage) => void) | undefined;

  constructor(
    readonly name: string,
    private readonly options: { readonly room?: string; readonly everyMs: Millis },
  ) {}

  kinds(): readonly Kind[] {
    return [...this.seen];
  }

  start(emit: (reading: Reading) => void): void {
    this.emit = emit;
  }

  onPassage(listener: (passage: Passage) => void): void {
    this.passed = listener;
  }

  health(): SensorHealth {
    return { state: "ok" };
  }

  async stop(): Promise<void> {
    this.emit = undefined;
  }

  push(pushed: PushedReading): Result<Reading> {
    const { kind } = pushed;
    if (this.emit === undefined) return err(`sensor ${this.name} is stopped`);
    if (!isKind(kind)) return err(`unknown kind: use one of ${KIND_NAMES.join(", ")}`);
    const value = Number(pushed.value);
    if (!isPlausible(kind, value)) {
      const { min, max, unit } = KINDS[kind];
      return err(`not a plausible ${kind}: must be between ${min} and ${max} ${unit}`);
    }
    const room = pushed.room ?? this.options.room;
    if (room !== undefined && !isName(room)) {
      return err("bad room: use a-z, 0-9, dot, dash and underscore, at most 63 characters");
    }
    const { passage } = pushed;
    const people = passage && kind === "count" ? peopleThrough(passage, value) : undefined;
    if (passage !== undefined && people === undefined) {
      return err(`a passage is a count of 1 to ${PASSING_COUNT_MAX} people`);
    }
    this.seen.add(kind);
    if (people !== undefined) {
      this.passed?.({ sensor: this.name, ...people, ...(room === undefined ? {} : { room }) });
    }
    const reading: Reading = {
      sensor: this.name,
      kind,
      value: value === 0 ? 0 : value,
      ...(room === undefined ? {} : { room }),
      simulated: false,
      everyMs: this.options.everyMs,
    };
    this.emit(reading);
    return ok(reading);
  }
}
