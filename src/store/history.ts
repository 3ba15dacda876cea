import type { Result } from "../base/result.ts";
import type { Millis } from "../base/time.ts";
import type { SeriesName } from "../history/segment.ts";
import type { Tier } from "../history/tiers.ts";
import type { StoreFailure } from "./port.ts";

/** "sealed": its origin says that it is whole, by its hash. */
export type Seal = "sealed" | "open";

/** Where a segment is, without what is in it. */
export interface SegmentPlace {
  readonly series: number;
  readonly tier: Tier;
  readonly startMs: Millis;
}

export interface SegmentHead extends SegmentPlace {
  readonly seal: Seal;
  /** SHA-256 of the body. */
  readonly hash: Uint8Array;
}

export interface SegmentRow extends SegmentHead {
  readonly body: Uint8Array;
}

export interface NumberedSeries {
  readonly number: number;
  readonly name: SeriesName;
}

/** "unrolled": what the coarser tier does not have yet is no surplus. */
export type Sparing = "unrolled" | "none";

export interface HistoryBatch {
  readonly series?: readonly NumberedSeries[];
  /** Segments, in the place of what was there. */
  readonly put?: readonly SegmentRow[];
  readonly drop?: readonly SegmentPlace[];
  /** Series that go with all their segments. */
  readonly forget?: readonly number[];
  /** Segments that turned out to be what their origin closed. */
  readonly seal?: readonly SegmentPlace[];
  /** A block of readings whose hour is not over. */
  readonly append?: Uint8Array;
  /** All readings whose hour is not over, in the place of the blocks before. */
  readonly journal?: Uint8Array;
}

/** Spans of one series in one tier, from one start to another, the end not included. */
export interface SpanRange {
  readonly series: number;
  readonly tier: Tier;
  readonly fromMs: Millis;
  readonly toMs: Millis;
}

export interface HistoryState {
  /** In use; the files may be larger by what was freed. */
  readonly bytes: number;
  readonly commits: number;
  readonly failure: StoreFailure | undefined;
  /** Where a damaged file was moved, if one was. */
  readonly movedAside: string | undefined;
}

/** What passed by, in a file of its own that may be lost. All calls are synchronous. */
export interface HistoryFile {
  series(): readonly NumberedSeries[];
  journal(): readonly Uint8Array[];
  /** All of it or nothing; a power cut may take the last minutes. */
  commit(batch: HistoryBatch): Result<void, StoreFailure>;
  /** By time. */
  segments(range: SpanRange): readonly SegmentRow[];
  /** The same without their bodies. */
  heads(range: SpanRange): readonly SegmentHead[];
  /** Starts of a series' oldest segments: all but the newest `keepMax`. */
  surplus(series: number, tier: Tier, keepMax: number, but: Sparing): readonly Millis[];
  /** Starts of spans that the finer tier has and this one lacks. */
  unrolled(series: number, tier: Tier): readonly Millis[];
  /** What came first, of the finest tier that there is. */
  oldest(limit: number): readonly SegmentPlace[];
  state(): HistoryState;
  close(): void;
}
