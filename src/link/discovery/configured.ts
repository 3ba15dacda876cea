import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import { type Address, parseAddress } from "../../base/id.ts";
import { jittered, type Random } from "../../base/random.ts";
import { MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import type { Discovery, DiscoveryState, Hint } from "../discovery-port.ts";

/** First pause between tries of the configured peers; it doubles up to the last. */
const RETRY_MS_FIRST = 1 * SECOND_MS;
const RETRY_MS_LAST = MINUTE_MS;

/** The peers that the operator named: hinted at start, and again while the node is lonely. */
export class Configured implements Discovery {
  private emit: (hint: Hint) => void = () => {};
  private pauseMs: Millis = RETRY_MS_FIRST;
  private cancel: (() => void) | undefined;
  private readonly addresses: readonly Address[];

  constructor(
    peers: readonly string[],
    private readonly timers: Timers,
    private readonly random: Random,
  ) {
    this.addresses = peers.map(parseAddress).filter((address) => address !== undefined);
  }

  async start(listener: (hint: Hint) => void): Promise<void> {
    this.emit = listener;
    this.tell();
  }

  refresh(): void {
    if (this.cancel !== undefined || this.addresses.length === 0) return;
    this.cancel = this.timers.set(jittered(this.random, this.pauseMs, 0.3), () => {
      this.cancel = undefined;
      this.pauseMs = Math.min(RETRY_MS_LAST, this.pauseMs * 2);
      this.tell();
    });
  }

  state(): readonly DiscoveryState[] {
    const count = this.addresses.length;
    const detail = `${count} peers in mesh.peers`;
    return [{ source: "configured", state: count > 0 ? "working" : "off", detail, hints: count }];
  }

  async stop(): Promise<void> {
    this.cancel?.();
  }

  private tell(): void {
    if (this.addresses.length === 0) return;
    this.emit({ id: undefined, addresses: this.addresses, source: "configured" });
  }
}
