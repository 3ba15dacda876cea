import { SECOND_MS } from "../../base/time.ts";
import type { Discovery, DiscoveryState, Hint } from "../discovery-port.ts";
import { Configured } from "./configured.ts";
import { DnsSd, type DnsSdOptions } from "./dns-sd.ts";
import { blindness, Libp2pMdns } from "./libp2p.ts";

export type DiscoveryMode = "auto" | "libp2p" | "dns-sd" | "off";

export interface DiscoveryOptions extends DnsSdOptions {
  readonly mode: DiscoveryMode;
  readonly peers: readonly string[];
}

/** libp2p's mDNS gets this long to find somebody before DNS-SD is added. */
const ALONE_MS = 15 * SECOND_MS;

/**
 * The sources of hints for a node. "auto" is DNS-SD: measured, it sees wherever libp2p's mDNS
 * does, and weighs a tenth. "libp2p" starts that one, and adds DNS-SD by itself where it is blind
 * or alone. Configured peers are always a source.
 */
export class Sources implements Discovery {
  private readonly sources: Discovery[] = [];
  private emit: (hint: Hint) => void = () => {};
  private cancel: () => void = () => {};
  private found = 0;
  private stopped = false;

  constructor(private readonly options: DiscoveryOptions) {
    const { mode, announcement } = options;
    this.sources.push(new Configured(options));
    if (mode === "auto" || mode === "dns-sd") this.sources.push(new DnsSd(options));
    if (mode === "libp2p") this.sources.push(new Libp2pMdns(announcement));
  }

  async start(listener: (hint: Hint) => void): Promise<void> {
    this.emit = (hint) => {
      if (hint.source === "libp2p") this.found += 1;
      if (!this.stopped) listener(hint);
    };
    const begun = await Promise.all(this.sources.map((source) => this.begin(source)));
    if (this.options.mode !== "libp2p" || this.stopped) return;
    const failed = begun.includes("failed") ? "it could not be started" : undefined;
    const reason = failed ?? blindness();
    if (reason !== undefined) await this.addDnsSd(reason);
    else this.lookLater();
  }

  refresh(): void {
    for (const source of this.sources) source.refresh();
  }

  state(): readonly DiscoveryState[] {
    return this.sources.flatMap((source) => source.state());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel();
    await Promise.all(this.sources.map((source) => source.stop()));
  }

  /** A route may go, or the last neighbour: so it is looked at time and again. */
  private lookLater(): void {
    this.cancel = this.options.timers.set(ALONE_MS, () => {
      const alone = this.found === 0 ? `nobody was found in ${ALONE_MS} ms` : undefined;
      const reason = blindness() ?? alone;
      if (reason === undefined) this.lookLater();
      else void this.addDnsSd(reason);
    });
  }

  private async addDnsSd(reason: string): Promise<void> {
    this.options.log.write("info", `DNS-SD is added to libp2p's mDNS: ${reason}`);
    const source = new DnsSd(this.options);
    this.sources.push(source);
    await this.begin(source);
  }

  private async begin(source: Discovery): Promise<"begun" | "failed"> {
    try {
      await source.start(this.emit);
      return "begun";
    } catch (error) {
      const message = (error as Error).message;
      this.options.log.write("error", `a discovery source does not start: ${message}`);
      return "failed";
    }
  }
}
