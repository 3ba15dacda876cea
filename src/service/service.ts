import type { Timers } from "../../firmware-bridge/src/timers.ts";
import type { Log } from "../base/log.ts";
import { type Clock, SECOND_MS } from "../base/time.ts";
import { type Supervisor, statusOf } from "./supervisor.ts";
import { Watchdog } from "./watchdog.ts";

/**
 * A node that waits for a person to let it in counts as ready after this: an installation waits
 * for readiness, and must not wait for a colleague. A guess, under half of TimeoutStartSec.
 */
const WAITING_READY_MS = 20 * SECOND_MS;

export interface ServiceParts {
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  /** CLOCK_MONOTONIC in microseconds, which systemd compares with its own. */
  readonly monotonicUs: () => bigint;
  readonly timers: Timers;
  readonly log: Log;
  /** What is wrong with this process that a restart may cure; undefined where nothing is. */
  check(): Promise<string | undefined>;
}

/** What a supervisor is told of this process, from its start to its end. */
export class Service {
  private readonly watchdog: Watchdog;
  private cancelWaiting: (() => void) | undefined;

  constructor(private readonly parts: ServiceParts) {
    this.watchdog = new Watchdog(parts);
    this.watchdog.start();
  }

  /** Not in a mesh yet; `text` says what for. */
  waiting(text: string): void {
    const { supervisor, timers } = this.parts;
    void supervisor.tell(statusOf(text));
    this.cancelWaiting ??= timers.set(WAITING_READY_MS, () => void supervisor.tell("READY=1"));
  }

  /** The configuration is good, the store is open and the API listens. */
  ready(text: string): void {
    this.cancelWaiting?.();
    void this.parts.supervisor.tell("READY=1", statusOf(text));
  }

  reloading(): void {
    const { supervisor, monotonicUs } = this.parts;
    const at = `MONOTONIC_USEC=${monotonicUs()}`;
    void supervisor.tell("RELOADING=1", at, statusOf("reading the configuration again"));
  }

  /** Settles when it was told: what ends before may take the message with it. */
  stopping(): Promise<void> {
    this.cancelWaiting?.();
    this.watchdog.stop();
    return this.parts.supervisor.tell("STOPPING=1", statusOf("saying goodbye"));
  }
}
