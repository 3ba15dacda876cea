import type { NodeId } from "../../base/id.ts";
import { HOUR_MS, MINUTE_MS, type Millis } from "../../base/time.ts";
import { type ChartPoint, type ChartSpan, chart, type Stretch } from "../../history/chart.ts";
import type { OriginClocks } from "../../history/origin-clocks.ts";
import type { Segment } from "../../history/segment.ts";
import { overlaps, type Span, without } from "../../history/spans.ts";
import { PLANS, spanStart, type Tier } from "../../history/tiers.ts";
import type { HistoryAsk } from "../read-side.ts";
import type { Segments } from "./segments.ts";
import type { SeriesBook, SeriesState } from "./series-book.ts";

/** Before the first step there may be a value that still holds. */
const LOOK_BACK_MS = HOUR_MS;

/** Tiers in the order in which they suit a step: the coarsest that is fine enough first. */
export function tiersFor(stepMs: Millis): readonly Tier[] {
  if (stepMs >= HOUR_MS) return ["hour", "minute", "raw"];
  return stepMs >= MINUTE_MS ? ["minute", "raw", "hour"] : ["raw", "minute", "hour"];
}

/** Draws charts from what this node holds. */
export class Charts {
  constructor(
    private readonly book: SeriesBook,
    private readonly segments: Segments,
    private readonly clocks: OriginClocks,
    /** Who has a node's place now: that one's sensors go on where the old one's end. */
    private readonly heirOf: (origin: NodeId) => NodeId,
    /** Lets other work go first. */
    private readonly pause: () => Promise<void>,
  ) {}

  async draw(ask: HistoryAsk): Promise<readonly ChartPoint[]> {
    const lines = new Map<string, Stretch[]>();
    for (const state of this.seriesOf(ask)) {
      const { origin, sensor } = state.name;
      const owner = `${this.heirOf(origin)} ${sensor}`;
      const line = lines.get(owner) ?? [];
      for (const window of this.clocks.windows(origin, ask.fromMs, ask.toMs)) {
        const found = await this.stretches(state, { ...window, stepMs: ask.stepMs });
        line.push(...found.map((stretch) => shifted(stretch, window.shiftMs)));
      }
      lines.set(owner, line);
      await this.pause();
    }
    return chart(ask.kind, ask, [...lines.values()]);
  }

  seriesOf({ room, kind }: Pick<HistoryAsk, "room" | "kind">): readonly SeriesState[] {
    return [...this.book.all()].filter(({ name }) => name.room === room && name.kind === kind);
  }

  /** One series over the span, each part of it from the tier that suits best of those there. */
  private async stretches(state: SeriesState, { fromMs, toMs, stepMs }: ChartSpan) {
    let missing: readonly Span[] = [[fromMs - LOOK_BACK_MS, toMs]];
    const stretches: Stretch[] = [];
    for (const tier of tiersFor(stepMs)) {
      const { spanMs, bucketMs } = PLANS[tier];
      const gaps = missing;
      for (const [gapFromMs, gapToMs] of gaps) {
        const found = this.held(state, tier, spanStart(tier, Math.max(0, gapFromMs)), gapToMs);
        for (const { startMs, holdMs, buckets } of found) {
          const span: Span = [startMs, startMs + spanMs];
          if (!overlaps(missing, span)) continue;
          const wanted = buckets.filter(({ atMs }) => overlaps(missing, [atMs, atMs + bucketMs]));
          missing = without(missing, span);
          stretches.push({ lengthMs: tier === "raw" ? 0 : bucketMs, holdMs, buckets: wanted });
        }
        await this.pause();
      }
    }
    return stretches;
  }

  private held(state: SeriesState, tier: Tier, fromMs: Millis, toMs: Millis): readonly Segment[] {
    const stored = this.segments.range(state, tier, fromMs, toMs);
    if (tier !== "raw") return stored;
    const open = [...state.open]
      .filter(([startMs]) => startMs >= fromMs && startMs < toMs)
      .map(([startMs, span]) => this.segments.hour(state, startMs, span))
      .filter((segment) => segment !== undefined);
    const opened = new Set(open.map(({ startMs }) => startMs));
    return [...stored.filter(({ startMs }) => !opened.has(startMs)), ...open];
  }
}

function shifted(stretch: Stretch, shiftMs: Millis): Stretch {
  if (shiftMs === 0) return stretch;
  const buckets = stretch.buckets.map((bucket) => ({ ...bucket, atMs: bucket.atMs + shiftMs }));
  return { ...stretch, buckets };
}
