import type { NodeId } from "../../base/id.ts";
import type { Millis } from "../../base/time.ts";
import { holdersOf } from "../../history/holders.ts";
import type { SeriesName } from "../../history/segment.ts";
import { PLANS, type Tier } from "../../history/tiers.ts";
import type { Retention } from "./historian.ts";
import type { Hash } from "./segments.ts";

/** Whose roll-ups are kept for long: a share and its own room's, only the latter, or all. */
export type Keep = "auto" | "own" | "all";

export interface KeepingParts {
  readonly self: NodeId;
  readonly room: string;
  readonly hash: Hash;
  readonly keep: Keep;
  readonly rawMs: Millis;
  readonly minutesMs: Millis;
  readonly hoursMs: Millis;
}

/** What is kept, and for how long. */
export class Keeping {
  constructor(
    private readonly parts: KeepingParts,
    private readonly nodes: () => readonly NodeId[],
  ) {}

  /** Whether the roll-ups of an origin, which measures in these rooms, are kept here for long. */
  isHolder(origin: NodeId, rooms: readonly string[]): boolean {
    const { self, room, keep, hash } = this.parts;
    if (keep === "all" || origin === self || rooms.includes(room)) return true;
    return keep === "auto" && holdersOf(origin, this.nodes(), hash).includes(self);
  }

  retention({ origin, room }: SeriesName): Retention {
    const { rawMs, minutesMs, hoursMs } = this.parts;
    const raw = spans("raw", rawMs);
    if (this.isHolder(origin, [room])) {
      const keepMax = { raw, minute: spans("minute", minutesMs), hour: spans("hour", hoursMs) };
      return { keepMax, share: "holder" };
    }
    // Minutes for as long as readings, since a chart of a day is drawn from them.
    return { keepMax: { raw, minute: spans("minute", rawMs) + 1, hour: 0 }, share: "passer-by" };
  }
}

/** Counted in spans that hold readings: no clock that went wrong makes anything too old. */
function spans(tier: Tier, keepMs: Millis): number {
  return Math.max(1, Math.ceil(keepMs / PLANS[tier].spanMs));
}
