import type { Timers } from "../../firmware-bridge/src/timers.ts";
import type { Log } from "../base/log.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";
import { type Supervisor, statusOf } from "./supervisor.ts";

/** Told so often in the span that systemd waits: two of three may go missing. A guess. */
const TELLS_PER_SPAN = 3;
/** The event loop may lag for this share of the time between two tells. A guess. */
const LAG_SHARE_MAX = 0.5;
/** How often it is looked how late the event loop is. A guess. */
const BEAT_MS = SECOND_MS;

export interface WatchdogParts {
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** What is wrong with this process that a restart may cure; undefined where nothing is. */
  check(): Promise<string | undefined>;
}

/**
 * Tells the supervisor that this process lives, from its own event loop and only after a check of
 * itself. A check that fails or does not end is not told of, so that the supervisor restarts it.
 */
export class Watchdog {
  private readonly periodMs: Millis;
  private readonly beatMs: Millis;
  private cancelBeat: () => void = () => {};
  private cancelTell: () => void = () => {};
  private lagMs: Millis = 0;
  private beatDueMs: Millis = 0;
  private complainedMs: Millis = Number.NEGATIVE_INFINITY;
  private state: "running" | "stopped" = "stopped";
  private trouble: string | undefined;

  constructor(private readonly parts: WatchdogParts) {
    this.periodMs = (parts.supervisor.watchdogMs ?? Number.POSITIVE_INFINITY) / TELLS_PER_SPAN;
    this.beatMs = Math.min(BEAT_MS, this.periodMs / 2);
  }

  /** Does nothing where the supervisor does not wait for it. */
  start(): void {
    if (this.parts.supervisor.watchdogMs === undefined) return;
    this.state = "running";
    this.beat();
    this.round();
  }

  stop(): void {
    this.state = "stopped";
    this.cancelBeat();
    this.cancelTell();
  }

  private beat(): void {
    const { clock, timers } = this.parts;
    this.beatDueMs = clock.monotonicMs() + this.beatMs;
    this.cancelBeat = timers.set(this.beatMs, () => {
      this.lagMs = this.lateMs();
      this.beat();
    });
  }

  private round(): void {
    this.cancelTell = this.parts.timers.set(this.periodMs, () => {
      this.round();
      void this.look();
    });
  }

  private async look(): Promise<void> {
    const { supervisor, check, log, clock } = this.parts;
    const trouble = this.lateness() ?? (await check());
    if (this.state === "stopped") return;
    const isNews = trouble !== this.trouble;
    this.trouble = trouble;
    if (trouble === undefined) {
      return supervisor.tell("WATCHDOG=1", ...(isNews ? [statusOf("well again")] : []));
    }
    if (isNews) await supervisor.tell(statusOf(`not well: ${trouble}`));
    const nowMs = clock.monotonicMs();
    if (nowMs - this.complainedMs < MINUTE_MS) return;
    this.complainedMs = nowMs;
    log.write("error", "this node is not well; systemd restarts it if that lasts", { trouble });
  }

  /** Whether the event loop stood still since it was last asked. */
  private lateness(): string | undefined {
    // After a block this may be called before the beat that is due.
    const lagMs = this.lateMs();
    this.lagMs = 0;
    this.beatDueMs = Math.max(this.beatDueMs, this.parts.clock.monotonicMs());
    if (lagMs <= this.periodMs * LAG_SHARE_MAX) return undefined;
    return `the event loop stood still for ${Math.round(lagMs / SECOND_MS)} s`;
  }

  private lateMs(): Millis {
    return Math.max(this.lagMs, this.parts.clock.monotonicMs() - this.beatDueMs);
  }
}
