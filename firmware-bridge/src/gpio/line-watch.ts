import type { Random } from "../../../src/base/random.ts";
import { jittered } from "../../../src/base/random.ts";
import { lineOf } from "../deadline.ts";
import { RETRY_MS_MAX, RETRY_MS_MIN } from "../polled-sensor.ts";
import type { Timers } from "../timers.ts";
import type { GpioLine, Level, LineRequest, OpenLine } from "./port.ts";

const RETRY_JITTER_SHARE = 0.1;

export interface LineWatchOptions {
  readonly request: LineRequest;
  readonly open: OpenLine;
  readonly timers: Timers;
  readonly random: Random;
  /** Each level as it comes, the first included. */
  readonly heard: (level: Level) => void;
  /** The line's health has changed: a reason, or undefined where it is well again. */
  readonly told: (error: string | undefined) => void;
}

/** Holds a line open: what can't be opened, or goes away, is tried again with growing pauses. */
export class LineWatch {
  private state: "stopped" | "running" = "stopped";
  private line: GpioLine | undefined;
  private opening: Promise<void> | undefined;
  private cancel: (() => void) | undefined;
  private retryMs = RETRY_MS_MIN;
  private reason: string | undefined;

  constructor(private readonly options: LineWatchOptions) {}

  start(): void {
    this.state = "running";
    this.opening = this.tryOpen();
  }

  /** Why it is not open, if it is not. */
  error(): string | undefined {
    return this.reason;
  }

  async stop(): Promise<void> {
    this.state = "stopped";
    this.cancel?.();
    await this.opening;
    await this.line?.close();
    this.line = undefined;
  }

  private async tryOpen(): Promise<void> {
    const { open, request, heard } = this.options;
    let gone: string | undefined;
    try {
      const line = await open(request, {
        level: (level) => {
          if (this.state === "running") heard(level);
        },
        closed: (reason) => {
          gone = reason;
          if (this.line === undefined) return;
          this.line = undefined;
          this.fail(reason);
        },
      });
      if (gone !== undefined) return this.fail(gone);
      this.line = line;
      this.retryMs = RETRY_MS_MIN;
      this.tell(undefined);
    } catch (error) {
      this.fail(lineOf(error));
    }
  }

  private fail(reason: string): void {
    this.tell(reason);
    if (this.state === "stopped") return;
    const { random, timers } = this.options;
    const restMs = jittered(random, this.retryMs, RETRY_JITTER_SHARE);
    this.retryMs = Math.min(RETRY_MS_MAX, this.retryMs * 2);
    this.cancel = timers.set(restMs, () => {
      this.opening = this.tryOpen();
    });
  }

  private tell(reason: string | undefined): void {
    if (this.reason === reason) return;
    this.reason = reason;
    this.options.told(reason);
  }
}
