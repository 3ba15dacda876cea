import type { Address, NodeId } from "../base/id.ts";
import { jittered, type Random } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import type { Peer } from "./messages.ts";
import { ADDRESSES_MAX, type OverlayParameters } from "./parameters.ts";

interface Memory {
  peer: Peer;
  failures: number;
  notBeforeMs: Millis;
  triedMs: Millis;
}

/**
 * The third list, beside the active and the passive view: every peer ever met, with how it has
 * been to try it. A peer is backed off for failing, and never forgotten for failing alone.
 */
export class Remembered {
  private readonly memories = new Map<NodeId, Memory>();

  constructor(
    private readonly random: Random,
    private readonly limits: Pick<OverlayParameters, "rememberedMax" | "retryMs" | "retryMsMax">,
  ) {}

  /** Learns of a peer; its newest addresses come first. */
  meet(peer: Peer): void {
    const known = this.memories.get(peer.id);
    if (known === undefined) {
      if (this.memories.size >= this.limits.rememberedMax) this.dropWorst();
      this.memories.set(peer.id, { peer, failures: 0, notBeforeMs: 0, triedMs: -1 });
      return;
    }
    if (startsWith(known.peer.addresses, peer.addresses)) return;
    const addresses = [...new Set<Address>([...peer.addresses, ...known.peer.addresses])];
    known.peer = { id: peer.id, addresses: addresses.slice(0, ADDRESSES_MAX) };
  }

  get(id: NodeId): Peer | undefined {
    return this.memories.get(id)?.peer;
  }

  all(): readonly Peer[] {
    return [...this.memories.values()].map(({ peer }) => peer);
  }

  /** Whether the peer may be tried again. */
  isRested(id: NodeId, nowMs: Millis): boolean {
    return (this.memories.get(id)?.notBeforeMs ?? 0) <= nowMs;
  }

  /** Notes a try that came to nothing: the next waits twice as long, up to the limit. */
  failed(id: NodeId, nowMs: Millis): void {
    const memory = this.memories.get(id);
    if (memory === undefined) return;
    const { retryMs, retryMsMax } = this.limits;
    const pause = Math.min(retryMsMax, retryMs * 2 ** Math.min(memory.failures, 20));
    memory.failures += 1;
    memory.notBeforeMs = nowMs + jittered(this.random, pause, 0.3);
  }

  /** Notes that the peer was good to us. */
  succeeded(id: NodeId): void {
    const memory = this.memories.get(id);
    if (memory === undefined) return;
    memory.failures = 0;
    memory.notBeforeMs = 0;
  }

  /** Lets every peer be tried at once, because the network seems to have changed. */
  rest(): void {
    for (const memory of this.memories.values()) memory.notBeforeMs = 0;
  }

  /** Of these, the one tried longest ago, and notes that it is tried now. */
  leastTried(ids: Iterable<NodeId>, nowMs: Millis): Peer | undefined {
    let best: Memory | undefined;
    for (const id of ids) {
      const memory = this.memories.get(id);
      if (memory !== undefined && (best === undefined || memory.triedMs < best.triedMs)) {
        best = memory;
      }
    }
    if (best !== undefined) best.triedMs = nowMs + this.random.next();
    return best?.peer;
  }

  private dropWorst(): void {
    let worst: Memory | undefined;
    for (const memory of this.memories.values()) {
      if (worst === undefined || memory.failures > worst.failures) worst = memory;
    }
    if (worst !== undefined) this.memories.delete(worst.peer.id);
  }
}

function startsWith(all: readonly Address[], first: readonly Address[]): boolean {
  return first.length <= all.length && first.every((address, at) => all[at] === address);
}
