import { equalBytes } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import { jittered, pick, type Random } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import type { Replica } from "../replica/replica.ts";
import { deltasFor, lacksFrom, type VectorRow, vectorOf } from "../replica/sync.ts";
import type { Effect } from "./effects.ts";
import type { OverlayParameters } from "./parameters.ts";
import { ROWS_MAX } from "./parameters.ts";

/** An origin that keeps sending what we can't judge yet makes us ask only this often. */
const ASK_AGAIN_MS = 500;
/**
 * After an exchange that brought something, the states are compared once more this much later; if
 * that brings something again, after twice the time. While anybody writes, something is always on
 * its way, and two neighbours would otherwise never stop comparing.
 */
const RECHECK_MS = 400;

interface Recheck {
  readonly atMs: Millis;
  readonly pauseMs: Millis;
  isPlanned: boolean;
}

/**
 * Repairs whatever broadcast missed, and makes a newcomer whole.
 *
 * One side sends the hash of its whole state; if that differs, the other answers with its version
 * vector, gets the entries that it lacks, and is asked in turn for what it has beyond
 * (Demers and others, PODC 1987, section 1.3; the vector as in Scuttlebutt).
 */
export class AntiEntropy {
  private syncAtMs: Millis;
  private readonly askedMs = new Map<NodeId, Millis>();
  private readonly rechecks = new Map<NodeId, Recheck>();

  constructor(
    private readonly replica: Replica,
    private readonly parameters: OverlayParameters,
    private readonly random: Random,
  ) {
    this.syncAtMs = jittered(random, parameters.syncMs, 0.5);
  }

  wakeAtMs(): Millis {
    let atMs = this.syncAtMs;
    for (const recheck of this.rechecks.values()) {
      if (recheck.isPlanned) atMs = Math.min(atMs, recheck.atMs);
    }
    return atMs;
  }

  /** Compares with one random neighbour when it is time. */
  wake(neighbours: readonly NodeId[], nowMs: Millis): readonly Effect[] {
    const effects: Effect[] = [];
    for (const [peer, recheck] of this.rechecks) {
      if (!recheck.isPlanned || recheck.atMs > nowMs) continue;
      recheck.isPlanned = false;
      effects.push(...this.compare(peer));
    }
    if (nowMs < this.syncAtMs) return effects;
    this.syncAtMs = nowMs + jittered(this.random, this.parameters.syncMs, 0.3);
    const peer = pick(this.random, neighbours);
    return peer === undefined ? effects : [...effects, ...this.compare(peer)];
  }

  /** Compares with a peer now: on a new link, and after a cut. */
  compare(peer: NodeId): readonly Effect[] {
    const digest = this.replica.digest();
    return [{ type: "send", to: peer, message: { type: "digest", digest } }];
  }

  /** Asks a peer for all that is lacking here, because it sent something that can't be judged. */
  ask(peer: NodeId, nowMs: Millis): readonly Effect[] {
    if (nowMs < (this.askedMs.get(peer) ?? 0) + ASK_AGAIN_MS) return [];
    this.askedMs.set(peer, nowMs);
    return [this.vector(peer, "one-way")];
  }

  onDigest(peer: NodeId, digest: Uint8Array): readonly Effect[] {
    if (equalBytes(digest, this.replica.digest())) return [];
    return [this.vector(peer, "both-ways")];
  }

  onVector(
    peer: NodeId,
    rows: readonly VectorRow[],
    exchange: "both-ways" | "one-way",
  ): readonly Effect[] {
    const theirs = new Map(rows.map((row) => [row.origin, row]));
    const { deltas, rest } = deltasFor(this.replica, theirs, this.parameters.syncBytesMax);
    const effects: Effect[] = deltas.map((delta, at) => {
      const last = at === deltas.length - 1;
      const message = { type: "delta", ...delta, rest: last ? rest : "none" } as const;
      return { type: "send", to: peer, message };
    });
    if (exchange === "both-ways" && lacksFrom(this.replica, theirs)) {
      effects.push(this.vector(peer, "one-way"));
    }
    return effects;
  }

  /** A peer's delta ended with "more": goes on where it stopped. */
  goOn(peer: NodeId): readonly Effect[] {
    return [this.vector(peer, "one-way")];
  }

  /** A peer brought something: whether that was all shows in a second look. */
  recheck(peer: NodeId, nowMs: Millis): void {
    const last = this.rechecks.get(peer);
    if (last?.isPlanned) return;
    const { syncMs } = this.parameters;
    const isAgain = last !== undefined && nowMs - last.atMs < syncMs;
    const pauseMs = isAgain ? Math.min(2 * last.pauseMs, syncMs) : RECHECK_MS;
    this.rechecks.set(peer, { atMs: nowMs + pauseMs, pauseMs, isPlanned: true });
  }

  neighborDown(peer: NodeId): void {
    this.rechecks.delete(peer);
    this.askedMs.delete(peer);
  }

  private vector(to: NodeId, exchange: "both-ways" | "one-way"): Effect {
    const rows = [...vectorOf(this.replica).values()].slice(0, ROWS_MAX);
    return { type: "send", to, message: { type: "vector", rows, exchange } };
  }
}
