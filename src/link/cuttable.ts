import type { Address, NodeId } from "../base/id.ts";
import type { LinkEvent, LinkStats, LinkTransport, SendOutcome } from "./port.ts";

/**
 * Links that can be cut: with whom this node is cut off it holds none, whoever dials.
 *
 * For the demo, where people want to see a mesh split and heal; a real node never has it.
 */
export class CuttableTransport implements LinkTransport {
  private away: ReadonlySet<NodeId> = new Set();
  private readonly hidden = new Set<NodeId>();

  constructor(private readonly inner: LinkTransport) {}

  get isCut(): boolean {
    return this.away.size > 0;
  }

  /** Cuts this node off from these and nobody else; an empty list heals. */
  cut(away: readonly NodeId[]): void {
    this.away = new Set(away);
    for (const { peer } of this.inner.stats()) if (this.away.has(peer)) this.inner.close(peer);
  }

  start(listener: (event: LinkEvent) => void): Promise<void> {
    return this.inner.start((event) => {
      const seen = this.seen(event);
      if (seen !== undefined) listener(seen);
    });
  }

  bound(): readonly Address[] {
    return this.inner.bound();
  }

  dial(address: Address, expected: NodeId | undefined): void {
    this.inner.dial(address, expected);
  }

  send(peer: NodeId, frame: Uint8Array): SendOutcome {
    return this.hidden.has(peer) ? "no-link" : this.inner.send(peer, frame);
  }

  close(peer: NodeId): void {
    this.inner.close(peer);
  }

  stats(): readonly LinkStats[] {
    return this.inner.stats().filter(({ peer }) => !this.hidden.has(peer));
  }

  stop(): Promise<void> {
    return this.inner.stop();
  }

  /** What the node is told: of a link across the cut nothing but that the dial failed. */
  private seen(event: LinkEvent): LinkEvent | undefined {
    if (event.type === "up" && this.away.has(event.peer)) {
      const { peer, remote, initiator } = event;
      this.hidden.add(peer);
      this.inner.close(peer);
      if (initiator === "peer") return undefined;
      return { type: "dial-failed", address: remote, expected: peer, reason: "unreachable" };
    }
    if (event.type === "up") this.hidden.delete(event.peer);
    if (event.type === "frame" && this.hidden.has(event.peer)) return undefined;
    if (event.type === "down") return this.hidden.delete(event.peer) ? undefined : event;
    return event;
  }
}
