import type { Millis } from "../../base/time.ts";
import { type Bucket, rollUp, uniteReadings } from "../../history/bucket.ts";
import type { OpenSpan } from "../../history/open-span.ts";
import { BUCKETS_MAX, decodeSegment, encodeSegment, type Segment } from "../../history/segment.ts";
import { PLANS, type Tier } from "../../history/tiers.ts";
import type { HistoryFile, Seal, SegmentRow } from "../../store/history.ts";
import type { SeriesState } from "./series-book.ts";

/** SHA-256, handed in. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

/** Makes segments of what was heard, and reads them back from the file. */
export class Segments {
  constructor(
    private readonly file: HistoryFile,
    private readonly hash: Hash,
  ) {}

  /** An hour as the file and the memory have it together; undefined where there is nothing. */
  hour(state: SeriesState, startMs: Millis, open: OpenSpan | undefined): Segment | undefined {
    const stored = this.read(state, "raw", startMs);
    if (open === undefined && stored === undefined) return undefined;
    const heard = open === undefined ? [] : [...open.readings()];
    const buckets = uniteReadings(stored?.buckets ?? [], heard).slice(0, BUCKETS_MAX);
    const holdMs = Math.max(stored?.holdMs ?? 0, open?.holdMs ?? 0);
    return { series: state.name, tier: "raw", startMs, holdMs, buckets };
  }

  /**
   * A span rolled up from the finer tier in the file, a finer segment a step; undefined where there
   * is nothing.
   */
  *rolled(state: SeriesState, tier: Tier, startMs: Millis): Generator<void, Segment | undefined> {
    const { from, spanMs } = PLANS[tier];
    if (from === undefined) return undefined;
    const buckets: Bucket[] = [];
    let holdMs = 0;
    for (let atMs = startMs; atMs < startMs + spanMs; atMs += PLANS[from].spanMs) {
      const finer = this.read(state, from, atMs);
      if (finer === undefined) continue;
      buckets.push(...rollUp(finer.buckets, tier));
      holdMs = Math.max(holdMs, finer.holdMs);
      yield;
    }
    if (buckets.length === 0) return undefined;
    // No finer segment shares a bucket with the next: their spans are whole buckets.
    return { series: state.name, tier, startMs, holdMs, buckets };
  }

  row(state: SeriesState, segment: Segment, seal: Seal): SegmentRow {
    const { tier, startMs } = segment;
    const body = encodeSegment(segment);
    return { series: state.number, tier, startMs, seal, hash: this.hash(body), body };
  }

  read(state: SeriesState, tier: Tier, startMs: Millis): Segment | undefined {
    return this.range(state, tier, startMs, startMs + 1)[0];
  }

  /** Segments that begin within a range. What a bad card changed is left out. */
  range(state: SeriesState, tier: Tier, fromMs: Millis, toMs: Millis): readonly Segment[] {
    const rows = this.file.segments({ series: state.number, tier, fromMs, toMs });
    return rows.map((row) => this.decoded(state, row)).filter((one) => one !== undefined);
  }

  private decoded(state: SeriesState, row: SegmentRow): Segment | undefined {
    const { body, hash, tier, startMs } = row;
    const isWhole = Buffer.compare(this.hash(body), hash) === 0;
    const decoded = isWhole ? decodeSegment(body) : undefined;
    if (decoded?.ok && decoded.value.startMs === startMs && decoded.value.tier === tier) {
      return decoded.value;
    }
    // Without it, a peer gives it again.
    this.file.commit({ drop: [{ series: state.number, tier, startMs }] });
    return undefined;
  }
}
