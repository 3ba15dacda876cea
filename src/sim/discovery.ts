import { addressOf } from "../base/id.ts";
import type { Random } from "../base/random.ts";
import { jittered, sample } from "../base/random.ts";
import { SECOND_MS } from "../base/time.ts";
import type { Discovery, DiscoveryState, Hint } from "../link/discovery-port.ts";
import type { Network } from "./network.ts";
import { MESH_PORT, type SimTransport } from "./transport.ts";

/** How often everybody is asked, and no more often than that when in need. */
const ASK_MS = 20 * SECOND_MS;
const REFRESH_MS = 2 * SECOND_MS;
/** Answers to one question: the packet budget of the real one. */
const ANSWERS_MAX = 16;

/** What a host knows of its LAN: who runs, and may be heard. */
export interface Segment {
  readonly network: Network;
  /** Multicast gets through. */
  hears: boolean;
  running(): readonly SimTransport[];
}

/** Stands for mDNS: hints of whoever is running and can be reached. */
export class SimDiscovery implements Discovery {
  private listener: ((hint: Hint) => void) | undefined;
  private askedMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly own: SimTransport,
    private readonly segment: Segment,
    private readonly random: Random,
    private readonly later: (spanMs: number, callback: () => void) => void,
  ) {}

  async start(listener: (hint: Hint) => void): Promise<void> {
    this.open(listener);
  }

  /** As `start`, at once. */
  open(listener: (hint: Hint) => void): void {
    this.listener = listener;
    this.askAgain();
  }

  refresh(): void {
    const { nowMs } = this.segment.network.scheduler;
    if (nowMs - this.askedMs < REFRESH_MS) return;
    this.askedMs = nowMs;
    this.later(this.segment.network.latency(), () => this.answer());
  }

  state(): readonly DiscoveryState[] {
    return [];
  }

  async stop(): Promise<void> {
    this.listener = undefined;
  }

  private askAgain(): void {
    this.refresh();
    this.later(jittered(this.random, ASK_MS, 0.3), () => {
      if (this.listener !== undefined) this.askAgain();
    });
  }

  private answer(): void {
    const { network, hears } = this.segment;
    if (!hears) return;
    const others = this.segment
      .running()
      .filter((other) => other !== this.own && network.reachable(this.own.host, other.host));
    for (const { self, host } of sample(this.random, others, ANSWERS_MAX)) {
      const addresses = [addressOf(host, MESH_PORT)];
      this.listener?.({ id: self, addresses, source: "dns-sd" });
    }
  }
}
