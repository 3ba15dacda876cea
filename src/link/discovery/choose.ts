import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import type { Discovery, DiscoveryState, Hint } from "../discovery-port.ts";
import { Configured } from "./configured.ts";
import { DnsSd, type DnsSdOptions } from "./dns-sd.ts";
import { blindness, Libp2pMdns } from "./libp2p.ts";

export type DiscoveryMode = "auto" | "libp2p" | "dns-sd" | "off";

export interface DiscoveryOptions extends DnsSdOptions {
  readonly mode: DiscoveryMode;
  readonly peers: readonly string[];
  readonly timers: Timers;
}

/** libp2p's mDNS gets this long to find somebody before DNS-SD is added. */
const ALONE_MS = 15_000;

/**
 * The sources of hints for a node. "auto" is DNS-SD: it sees wherever libp2p's mDNS does, and
 * weighs a tenth. "libp2p" starts that one, and adds DNS-SD by itself where it is blind.
 */
export class Sources implements Discovery {
  private readonly sources: Discovery[] = [];
  private emit: (hint: Hint) => void = () => {};
  private cancel: () => void = () => {};
  private found = 0;

  constructor(private readonly options: DiscoveryOptions) {
    const { mode, peers, timers, random, announcement } = options;
    this.sources.push(new Configured(peers, timers, random));
    if (mode === "auto" || mode === "dns-sd") this.sources.push(new DnsSd(options));
    if (mode === "libp2p") this.sources.push(new Libp2pMdns(announcement));
  }

  async start(listener: (hint: Hint) => void): Promise<void> {
    this.emit = (hint) => {
      if (hint.source === "libp2p") this.found += 1;
      listener(hint);
    };
    for (const source of this.sources) await this.begin(source);
    if (this.options.mode !== "libp2p") return;
    if (blindness() !== undefined) await this.addDnsSd();
    else this.cancel = this.options.timers.set(ALONE_MS, () => this.addIfAlone());
  }

  refresh(): void {
    for (const source of this.sources) source.refresh();
  }

  state(): readonly DiscoveryState[] {
    return this.sources.flatMap((source) => source.state());
  }

  async stop(): Promise<void> {
    this.cancel();
    await Promise.all(this.sources.map((source) => source.stop()));
  }

  private addIfAlone(): void {
    if (this.found === 0) void this.addDnsSd();
  }

  private async addDnsSd(): Promise<void> {
    this.options.log.write("info", "libp2p's mDNS finds nobody here: adding DNS-SD");
    const source = new DnsSd(this.options);
    this.sources.push(source);
    await this.begin(source);
  }

  private async begin(source: Discovery): Promise<void> {
    try {
      await source.start(this.emit);
    } catch (error) {
      this.options.log.write("error", "discovery failed to start", {
        error: (error as Error).message,
      });
    }
  }
}
