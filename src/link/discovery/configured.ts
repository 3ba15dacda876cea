import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import { type Address, parseAddress } from "../../base/id.ts";
import type { Log } from "../../base/log.ts";
import { jittered, type Random } from "../../base/random.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import type { Discovery, DiscoveryState, Hint } from "../discovery-port.ts";

/** First pause between tries of the configured peers; it doubles up to the last. */
const RETRY_MS_FIRST = 1 * SECOND_MS;
const RETRY_MS_LAST = MINUTE_MS;
const JITTER = 0.3;
/** Not asked to refresh for so long, the node is not lonely any more, and starts over. */
const FORGOTTEN_MS = MINUTE_MS;

export interface ConfiguredOptions {
  /** `host:port` texts. A host name stays one, and so is resolved anew at every dial. */
  readonly peers: readonly string[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/** The peers that the operator named: hinted at start, and again while the node is lonely. */
export class Configured implements Discovery {
  private emit: (hint: Hint) => void = () => {};
  private pauseMs: Millis = RETRY_MS_FIRST;
  private askedMs: Millis = 0;
  private cancel: (() => void) | undefined;
  private hints = 0;
  private stopped = false;
  private readonly addresses: readonly Address[];

  constructor(private readonly options: ConfiguredOptions) {
    this.addresses = options.peers.flatMap((text) => {
      const address = parseAddress(text);
      if (address !== undefined) return [address];
      options.log.write("warn", `mesh.peers: "${text}" is not host:port, left out`);
      return [];
    });
  }

  async start(listener: (hint: Hint) => void): Promise<void> {
    this.emit = listener;
    this.tell();
  }

  refresh(): void {
    const { clock, timers, random } = this.options;
    if (this.stopped || this.addresses.length === 0) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.askedMs > FORGOTTEN_MS) this.pauseMs = RETRY_MS_FIRST;
    this.askedMs = nowMs;
    if (this.cancel !== undefined) return;
    this.cancel = timers.set(jittered(random, this.pauseMs, JITTER), () => {
      this.cancel = undefined;
      this.pauseMs = Math.min(RETRY_MS_LAST, this.pauseMs * 2);
      this.tell();
    });
  }

  state(): readonly DiscoveryState[] {
    const count = this.addresses.length;
    const [state, detail] = [
      count > 0 ? "working" : "off",
      `${count} peers in mesh.peers`,
    ] as const;
    return [{ source: "configured", state, detail, hints: this.hints }];
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel?.();
  }

  private tell(): void {
    if (this.addresses.length === 0) return;
    this.hints += 1;
    this.emit({ id: undefined, addresses: this.addresses, source: "configured" });
  }
}
