import type { NodeId } from "../base/id.ts";
import { MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";
import { TokenBucket } from "../base/token-bucket.ts";
import type { Entry } from "../replica/entry.ts";
import { bytesOf, ENTRIES_PER_ORIGIN_MAX, ORIGIN_BYTES_MAX } from "../replica/origin-limits.ts";

/**
 * What is taken of one origin: so many entries and bytes a second, and at once all that it may
 * have, for a newcomer and for a new life. Guesses: forty sensors that each say five values a
 * second; a Pi Zero checks some 1,500 signatures a second.
 */
export const ORIGIN_ENTRIES_PER_SECOND = 200;
const ORIGIN_ENTRIES_BURST = ENTRIES_PER_ORIGIN_MAX;
const ORIGIN_BYTES_PER_SECOND = 64 * 1024;
const ORIGIN_BYTES_BURST = ORIGIN_BYTES_MAX;
/** Births of origins not met yet, of all of them together: 200 Pis that start at once. A guess. */
const STRANGERS_PER_SECOND = 50;
const STRANGERS_BURST = 1_024;
/** What an entry that is beyond the origin's limits costs: room has to be looked for. Measured. */
const SURPLUS_COST = 10;
/** An origin from which nothing was taken lately is not asked for what others announce of it. */
const REST_MS = 2 * SECOND_MS;
/** For so long after the last entry that was put off an origin is named. */
const NAMED_MS = MINUTE_MS;
const SWEEP_MS = MINUTE_MS;

interface Budget {
  readonly entries: TokenBucket;
  readonly bytes: TokenBucket;
  putOffMs: Millis;
}

/**
 * How much of each origin is taken: a member that writes without end fills neither memory nor the
 * processor. What is put off is fetched by anti-entropy, as fast as the budget allows.
 */
export class OriginBudgets {
  private readonly budgets = new Map<NodeId, Budget>();
  private readonly strangers = new TokenBucket(STRANGERS_PER_SECOND, STRANGERS_BURST);
  private sweptMs: Millis = 0;

  /** Whether an entry of an origin may be looked at now. `met`: its birth was taken before. */
  admits(origin: NodeId, met: "met" | "unmet", nowMs: Millis): boolean {
    if (met === "unmet") return this.strangers.take(1, nowMs);
    const { entries, bytes } = this.of(origin);
    return entries.has(1, nowMs) && bytes.has(1, nowMs);
  }

  /** Notes an entry that was not looked at. */
  putOff(origin: NodeId, met: "met" | "unmet", nowMs: Millis): void {
    if (met === "met") this.of(origin).putOffMs = nowMs;
  }

  /** Charges an entry that its origin did sign. */
  charge(entry: Entry, outcome: "kept" | "surplus", nowMs: Millis): void {
    const { entries, bytes } = this.of(entry.origin);
    entries.spend(outcome === "surplus" ? SURPLUS_COST : 1, nowMs);
    bytes.spend(bytesOf(entry), nowMs);
    this.sweep(nowMs);
  }

  /** Whether entries of an origin are put off just now. */
  isResting(origin: NodeId, nowMs: Millis): boolean {
    return nowMs - (this.budgets.get(origin)?.putOffMs ?? Number.NEGATIVE_INFINITY) < REST_MS;
  }

  /** Who wrote more than is taken within the last minute. */
  flooding(nowMs: Millis): readonly NodeId[] {
    return [...this.budgets]
      .filter(([, { putOffMs }]) => nowMs - putOffMs < NAMED_MS)
      .map(([origin]) => origin);
  }

  private of(origin: NodeId): Budget {
    const known = this.budgets.get(origin);
    if (known !== undefined) return known;
    const budget = {
      entries: new TokenBucket(ORIGIN_ENTRIES_PER_SECOND, ORIGIN_ENTRIES_BURST),
      bytes: new TokenBucket(ORIGIN_BYTES_PER_SECOND, ORIGIN_BYTES_BURST),
      putOffMs: Number.NEGATIVE_INFINITY,
    };
    this.budgets.set(origin, budget);
    return budget;
  }

  /** Budgets that are whole again say nothing: only admitted origins have one, and few of them. */
  private sweep(nowMs: Millis): void {
    if (nowMs - this.sweptMs < SWEEP_MS) return;
    this.sweptMs = nowMs;
    for (const [origin, { entries, bytes, putOffMs }] of this.budgets) {
      const isIdle = entries.isFull(nowMs) && bytes.isFull(nowMs);
      if (isIdle && nowMs - putOffMs >= NAMED_MS) this.budgets.delete(origin);
    }
  }
}
