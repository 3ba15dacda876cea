import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";

/**
 * Pings under way, and the round-trip times that came of them.
 *
 * A ping and its answer prove the link to both ends, so the ends of a link take turns: who was
 * pinged since its last ping rests for one round. Where a peer is heard anyway, a ping now and
 * then is enough: it also says "you are in my active view".
 */
export class KeepAlive {
  private readonly pingedBy = new Set<NodeId>();
  private readonly resting = new Set<NodeId>();
  /** When a ping was last sent or heard. */
  private readonly affirmed = new Map<NodeId, Millis>();
  private readonly pings = new Map<number, { readonly id: NodeId; readonly sentMs: Millis }>();
  private readonly rtts = new Map<NodeId, Millis>();
  private nonce = 0;

  /** Forgets unanswered pings; the next round is sent. */
  startRound(): void {
    this.pings.clear();
  }

  /** The number of a new ping to a peer. */
  ping(id: NodeId, nowMs: Millis): number {
    this.nonce += 1;
    this.pings.set(this.nonce, { id, sentMs: nowMs });
    this.affirmed.set(id, nowMs);
    return this.nonce;
  }

  /** A peer has pinged us. */
  heardPing(id: NodeId, nowMs: Millis): void {
    this.pingedBy.add(id);
    this.affirmed.set(id, nowMs);
  }

  /** Whether either end has pinged since a moment. */
  isAffirmed(id: NodeId, sinceMs: Millis): boolean {
    return (this.affirmed.get(id) ?? Number.NEGATIVE_INFINITY) >= sinceMs;
  }

  /** Whether a peer is left out of this round, because it did the work of the last. */
  rests(id: NodeId): boolean {
    const rests = this.pingedBy.delete(id) && !this.resting.has(id);
    if (rests) this.resting.add(id);
    else this.resting.delete(id);
    return rests;
  }

  pong(id: NodeId, nonce: number, nowMs: Millis): void {
    const ping = this.pings.get(nonce);
    if (ping?.id !== id) return;
    this.pings.delete(nonce);
    this.rtts.set(id, nowMs - ping.sentMs);
  }

  /** The round-trip time of the last keep-alive, if one came back. */
  rttMs(id: NodeId): Millis | undefined {
    return this.rtts.get(id);
  }

  forget(id: NodeId): void {
    this.rtts.delete(id);
    this.affirmed.delete(id);
    this.pingedBy.delete(id);
    this.resting.delete(id);
  }
}
