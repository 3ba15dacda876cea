import { spawn } from "node:child_process";
import type { Log } from "../base/log.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";
import type { Supervisor } from "./supervisor.ts";

/** Took 6 ms on a desk. What takes longer than this hangs, and the next is not to wait. A guess. */
const TELL_MS_MAX = 10 * SECOND_MS;
/** What waits while one hangs; more is left out. A guess. */
const WAITING_MAX = 16;
const MICROSECONDS_PER_MS = 1_000;

export type Environment = Record<string, string | undefined>;

/**
 * systemd, where it runs this process (sd_notify(3)); undefined elsewhere.
 *
 * Its socket takes datagrams over a Unix address, which Node has no way to send: `systemd-notify`,
 * a part of systemd itself, does it, as a child process for each message. What it needs is taken
 * out of `env`, so that no other child speaks for this service.
 */
export function systemdOf(
  env: Environment,
  pid: number,
  deps: { readonly clock: Clock; readonly log: Log },
): Supervisor | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: span, WATCHDOG_PID: meant } = env;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  if (!socket) return undefined;
  const isMeant = meant === undefined || Number(meant) === pid;
  const watchdogMs = isMeant ? Math.floor(Number(span ?? 0) / MICROSECONDS_PER_MS) : 0;
  return new Systemd(socket, watchdogMs > 0 ? watchdogMs : undefined, { ...deps, path: env.PATH });
}

interface SystemdDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly path: string | undefined;
}

class Systemd implements Supervisor {
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;
  private complainedMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly socket: string,
    readonly watchdogMs: Millis | undefined,
    private readonly deps: SystemdDeps,
  ) {}

  tell(...assignments: readonly string[]): Promise<void> {
    if (this.waiting >= WAITING_MAX) return this.last;
    this.waiting += 1;
    this.last = this.last.then(async () => {
      const trouble = await this.send(assignments);
      this.waiting -= 1;
      if (trouble !== undefined) this.complain(trouble);
    });
    return this.last;
  }

  private send(assignments: readonly string[]): Promise<string | undefined> {
    const { path = "/usr/bin:/bin" } = this.deps;
    return new Promise((resolve) => {
      const child = spawn("systemd-notify", assignments, {
        env: { PATH: path, NOTIFY_SOCKET: this.socket, LC_ALL: "C" },
        stdio: "ignore",
        timeout: TELL_MS_MAX,
        killSignal: "SIGKILL",
      });
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code) => {
        resolve(code === 0 ? undefined : `systemd-notify ended with ${code ?? "a signal"}`);
      });
    });
  }

  private complain(trouble: string): void {
    const nowMs = this.deps.clock.monotonicMs();
    if (nowMs - this.complainedMs < MINUTE_MS) return;
    this.complainedMs = nowMs;
    this.deps.log.write("error", "systemd does not hear of this node", { trouble });
  }
}
