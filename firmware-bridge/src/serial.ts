import type { Log } from "../../src/base/log.ts";
import type { Random } from "../../src/base/random.ts";
import { jittered } from "../../src/base/random.ts";
import type { Millis } from "../../src/base/time.ts";
import { SECOND_MS } from "../../src/base/time.ts";
import type { Kind } from "../../src/reading/kind.ts";
import type { Passage } from "../../src/reading/passage.ts";
import type { Reading } from "../../src/reading/reading.ts";
import type { ByteStream, OpenByteStream } from "./byte-stream.ts";
import type { LineEvent } from "./json-lines.ts";
import { JsonLines } from "./json-lines.ts";
import { MinuteReport } from "./minute-report.ts";
import type { Sensor, SensorHealth } from "./sensor.ts";
import { readSerialLine } from "./serial-line.ts";
import type { Timers } from "./timers.ts";

/** Pauses before a port is opened again, doubling. Guesses: a replug is quick. */
export const REOPEN_PAUSE_MS_MIN = SECOND_MS;
export const REOPEN_PAUSE_MS_MAX = 30 * SECOND_MS;
const REOPEN_JITTER_SHARE = 0.2;
/** Sub-sensors one box may name, so that a mad one can't fill the memory. A guess. */
export const BOX_SENSORS_COUNT_MAX = 64;

export interface SerialOptions {
  readonly name: string;
  readonly room?: string;
  readonly everyMs: Millis;
  readonly open: OpenByteStream;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/** The `serial` platform: a microcontroller that speaks JSON lines. */
export class SerialDriver implements Sensor {
  readonly platform = "serial";
  readonly name: string;
  private readonly seenKinds = new Set<Kind>();
  private readonly seenSensors = new Set<string>();
  private readonly skipped: MinuteReport;
  private stream: ByteStream | undefined;
  private opening: Promise<void> | undefined;
  private cancelPause: (() => void) | undefined;
  private pauseMs = REOPEN_PAUSE_MS_MIN;
  private error: string | undefined;
  private emit: ((reading: Reading) => void) | undefined;
  private passed: ((passage: Passage) => void) | undefined;

  constructor(private readonly options: SerialOptions) {
    this.name = options.name;
    const message = "skipped lines of a serial box";
    this.skipped = new MinuteReport(options.log, options.timers, message, { sensor: this.name });
  }

  kinds(): readonly Kind[] {
    return [...this.seenKinds];
  }

  start(emit: (reading: Reading) => void): void {
    this.emit = emit;
    this.opening = this.tryOpen();
  }

  onPassage(listener: (passage: Passage) => void): void {
    this.passed = listener;
  }

  health(): SensorHealth {
    return this.error === undefined ? { state: "ok" } : { state: "failing", error: this.error };
  }

  /** Lines skipped so far, by reason. */
  skippedLines(): ReadonlyMap<string, number> {
    return this.skipped.counts();
  }

  async stop(): Promise<void> {
    this.emit = undefined;
    this.cancelPause?.();
    await this.opening;
    await this.stream?.close();
    this.stream = undefined;
    this.skipped.flush();
  }

  private async tryOpen(): Promise<void> {
    const lines = new JsonLines();
    let gone: string | undefined;
    try {
      const stream = await this.options.open({
        data: (bytes) => {
          for (const event of lines.feed(bytes)) this.take(event);
        },
        closed: (reason) => {
          gone = reason;
          if (this.stream === undefined) return;
          this.stream = undefined;
          this.fail(reason);
        },
      });
      if (gone !== undefined) return this.fail(gone);
      this.stream = stream;
      if (this.error !== undefined) this.log("info", "serial port is back");
      this.error = undefined;
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private fail(reason: string): void {
    // Told when it changes only: a port that stays away would fill the log otherwise.
    if (this.error !== reason) this.log("warn", reason);
    this.error = reason;
    if (this.emit === undefined) return;
    const afterMs = jittered(this.options.random, this.pauseMs, REOPEN_JITTER_SHARE);
    this.pauseMs = Math.min(REOPEN_PAUSE_MS_MAX, this.pauseMs * 2);
    this.cancelPause = this.options.timers.set(afterMs, () => {
      this.opening = this.tryOpen();
    });
  }

  private take(event: LineEvent): void {
    if (event.type === "skipped") return this.skipped.count(event.reason);
    const line = readSerialLine(this.name, event.value);
    if (line.type === "bad") return this.skipped.count(line.reason);
    // Only a line understood proves that the box is well: a port may open and break for ever.
    this.pauseMs = REOPEN_PAUSE_MS_MIN;
    if (line.type === "hello") {
      this.log("info", "serial box says hello", { box: line.name, firmware: line.firmware });
      return;
    }
    if (!this.seenSensors.has(line.sensor)) {
      if (this.seenSensors.size >= BOX_SENSORS_COUNT_MAX) {
        return this.skipped.count("too many sensors");
      }
      this.seenSensors.add(line.sensor);
    }
    this.seenKinds.add(line.kind);
    const { room, everyMs } = this.options;
    const where = room === undefined ? {} : { room };
    const { sensor, kind, value, people } = line;
    if (people !== undefined) this.passed?.({ sensor, ...people, ...where });
    this.emit?.({ sensor, kind, value, ...where, simulated: false, everyMs });
  }

  private log(level: "info" | "warn", message: string, fields: Record<string, string> = {}): void {
    this.options.log.write(level, message, { sensor: this.name, ...fields });
  }
}
