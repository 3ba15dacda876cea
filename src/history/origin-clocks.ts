import type { NodeId } from "../base/id.ts";
import { HOUR_MS, MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";

/** Clocks that differ by less are taken as they are: what NTP and a long way here make. A guess. */
const NEAR_MS_MAX = 2 * MINUTE_MS;
/** Two readings tell of a clock when they came so far apart: entries of the past come at once. */
const APART_MS_MIN = 5 * SECOND_MS;
/** And when they tell the same, up to this. */
const SAME_MS_MAX = 20 * SECOND_MS;
/** A clock that is further off than this never was right within the memory of this process. */
const FAR_MS_MIN = 30 * 24 * HOUR_MS;

interface Heard {
  /** This node's wall clock less the origin's, when a reading came. */
  readonly aheadMs: Millis;
  readonly nowMs: Millis;
}

/** A stretch of an origin's clock, and what is added to it to be on this node's. */
export interface ClockWindow {
  readonly fromMs: Millis;
  readonly toMs: Millis;
  readonly shiftMs: Millis;
}

/**
 * How far other nodes' clocks are from this one's, for charts alone: a Pi that believes in 1970 is
 * still to be seen in today's. What is stored stays on its origin's own clock.
 */
export class OriginClocks {
  private readonly last = new Map<NodeId, Heard>();
  private readonly shifts = new Map<NodeId, Millis>();

  /** Notes when a reading that says `atMs` came, on both of this node's clocks. */
  hear(origin: NodeId, atMs: Millis, wallMs: Millis, nowMs: Millis): void {
    const aheadMs = wallMs - atMs;
    const last = this.last.get(origin);
    if (last !== undefined && nowMs - last.nowMs < APART_MS_MIN) return;
    this.last.set(origin, { aheadMs, nowMs });
    if (Math.abs(aheadMs) < NEAR_MS_MAX) this.shifts.delete(origin);
    else if (last !== undefined && Math.abs(aheadMs - last.aheadMs) < SAME_MS_MAX) {
      this.shifts.set(origin, aheadMs);
    }
  }

  /** Where on an origin's clock a span of this node's is to be found. */
  windows(origin: NodeId, fromMs: Millis, toMs: Millis): readonly ClockWindow[] {
    const plain = { fromMs, toMs, shiftMs: 0 };
    const shiftMs = this.shifts.get(origin);
    if (shiftMs === undefined) return [plain];
    const shifted = { fromMs: fromMs - shiftMs, toMs: toMs - shiftMs, shiftMs };
    // Before its clock went wrong it may have been right.
    return Math.abs(shiftMs) > Math.max(FAR_MS_MIN, toMs - fromMs) ? [plain, shifted] : [shifted];
  }
}
