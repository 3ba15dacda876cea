import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import type { Log } from "../../base/log.ts";
import { type Clock, type Millis, SECOND_MS } from "../../base/time.ts";
import type { Check } from "../../node/read-side.ts";
import { type Delivery, pauseMs, REFUSED_MS } from "../delivery.ts";

/** A connection that is up. */
export interface Session {
  /** Whom we are there, for people. */
  readonly as: string;
  /** Fulfilled with the reason when the connection is gone. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
}

/** Why there is no connection. */
export type Failure = Exclude<Delivery, { readonly outcome: "delivered" }>;

export interface KeeperParts {
  readonly name: string;
  readonly open: () => Promise<Session | Failure>;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  /** A number in [0, 1). */
  readonly chance: () => number;
}

/** A connection that lasted so long was a good one: the next pause is short again. A guess. */
const GOOD_MS = 5 * SECOND_MS;

type State =
  | { readonly is: "connecting" }
  | { readonly is: "connected"; readonly as: string }
  | { readonly is: "failing"; readonly reason: string };

/** Keeps one connection to a service, opened again after pauses that grow. */
export class Keeper {
  private state: State = { is: "connecting" };
  private session: Session | undefined;
  private stopped = false;
  private wake: () => void = () => {};
  private said = "";
  private failures = 0;

  constructor(private readonly parts: KeeperParts) {}

  get connected(): boolean {
    return this.state.is === "connected";
  }

  start(): void {
    void this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.session?.close();
  }

  check(): Check {
    const name = `chat ${this.parts.name}`;
    const { state } = this;
    if (state.is === "failing") return { name, state: "degraded", detail: state.reason };
    const detail = state.is === "connected" ? `connected as ${state.as}` : "connecting";
    return { name, state: "ok", detail };
  }

  private async run(): Promise<void> {
    const { clock, chance } = this.parts;
    while (!this.stopped) {
      const opened = await this.parts.open();
      if ("outcome" in opened) {
        const pause = this.fail(opened);
        await this.sleep(pause);
        continue;
      }
      const openedMs = clock.monotonicMs();
      const reason = await this.follow(opened);
      if (this.stopped) return;
      this.failures = clock.monotonicMs() - openedMs >= GOOD_MS ? 0 : this.failures + 1;
      this.say("info", `the connection to ${this.parts.name} ended`, reason);
      await this.sleep(pauseMs(this.failures, chance()));
    }
  }

  private async follow(session: Session): Promise<string> {
    this.session = session;
    this.state = { is: "connected", as: session.as };
    this.say("info", `connected to ${this.parts.name}`, session.as);
    // It was stopped while it connected.
    if (this.stopped) await session.close();
    const reason = await session.lost;
    this.session = undefined;
    this.state = { is: "connecting" };
    return reason;
  }

  private fail(failure: Failure): Millis {
    const { reason, outcome } = failure;
    this.failures += 1;
    this.state = { is: "failing", reason };
    this.say("warn", `no connection to ${this.parts.name}`, reason);
    if (outcome === "refused") return REFUSED_MS;
    return Math.max(failure.afterMs ?? 0, pauseMs(this.failures, this.parts.chance()));
  }

  /** The same is said once, however often it is so. */
  private say(level: "info" | "warn", what: string, detail: string): void {
    if (this.said === what + detail) return;
    this.said = what + detail;
    this.parts.log.write(level, what, { detail });
  }

  private sleep(spanMs: Millis): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.parts.timers.set(spanMs, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
