import type { NodeId } from "../../base/id.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import { encodeJournal, type Heard } from "../../history/journal.ts";
import { PLANS, spanStart, TIERS, type Tier } from "../../history/tiers.ts";
import type { Entry } from "../../replica/entry.ts";
import type { HistoryFile, SegmentRow } from "../../store/history.ts";
import { heardReading } from "./heard-entry.ts";
import type { Segments } from "./segments.ts";
import { SeriesBook, type SeriesState } from "./series-book.ts";
import type { Slices, Steps } from "./slices.ts";

/** Readings reach the card together this often; a power cut may take that much. */
export const FLUSH_MS = MINUTE_MS;
/** How often it is looked for hours that are over. */
export const LOOK_MS = 5 * SECOND_MS;
/** Another origin's hour is over so long after it ended, since readings overtake each other. */
const LATE_MS_MAX = 10 * SECOND_MS;
/** What others measured is rolled up so much later, so that what was missed can be fetched. */
const FETCHED_MS = 10 * MINUTE_MS;
/** Readings that wait for a disk which takes no writes. A guess: an hour of 50 sensors. */
const WAITING_MAX = 20_000;
/** Segments in one commit. */
const ROWS_PER_COMMIT = 8;
/** Above this share of the size limit the oldest segments go. */
const FULL_SHARE = 0.9;
const DROPPED_AT_ONCE = 64;

export interface HistorianParts {
  readonly self: NodeId;
  readonly file: HistoryFile;
  readonly segments: Segments;
  readonly slices: Slices;
  readonly clock: Clock;
  /** How many segments of a series are kept in each tier. */
  readonly keepMax: Readonly<Record<Tier, number>>;
  readonly bytesMax: number;
}

/**
 * Keeps what passes by: readings in memory while their hour lasts, with a journal on the disk, then
 * as segments, then rolled up. No clock of this node's decides when an hour of another is over,
 * only what that other said.
 */
export class Historian {
  readonly book = new SeriesBook();
  /** How far each origin's own clock is known to have come. */
  private readonly reached = new Map<NodeId, Millis>();
  private waiting: Heard[] = [];
  private isLoaded = false;
  private readonly due = new Set<number>();
  private isWorking = false;
  private movedAside: string | undefined;

  constructor(private readonly parts: HistorianParts) {}

  /** Reads what a former process left, at the first call. */
  load(): void {
    if (this.isLoaded) return;
    this.isLoaded = true;
    this.book.load(this.parts.file);
    this.movedAside = this.parts.file.state().movedAside;
    for (const { number } of this.book.all()) this.due.add(number);
  }

  hear(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const reading = heardReading(entry);
      if (reading === undefined) continue;
      this.load();
      const { name, atMs, steps, holdMs } = reading;
      this.reached.set(name.origin, atMs);
      const state = this.book.find(name);
      if (state === undefined || this.isSealed(state, atMs)) continue;
      if (this.book.add(state, reading) === "full") continue;
      this.waiting.push({ series: state.number, atMs, steps, holdMs });
    }
  }

  /** How far an origin's clock has come, by its own word; undefined before it said anything. */
  reachedMs(origin: NodeId): Millis | undefined {
    const { self, clock } = this.parts;
    return origin === self ? clock.wallMs() : this.reached.get(origin);
  }

  /** Writes what was heard to the disk. */
  flush(): void {
    if (this.waiting.length === 0) return;
    const series = this.book.unsaved();
    const done = this.parts.file.commit({ series, append: encodeJournal(this.waiting) });
    if (done.ok) {
      this.waiting = [];
      this.book.saved();
    } else this.waiting = this.waiting.slice(-WAITING_MAX);
    this.noticeLoss();
  }

  /** Looks whether an hour is over, and does what is due then. */
  look(): void {
    if (!this.isLoaded || this.isWorking) return;
    const isOver = [...this.book.all()].some((state) => this.overStarts(state).length > 0);
    if (!isOver && this.due.size === 0) return;
    this.isWorking = true;
    this.parts.slices.run(this.work());
  }

  /** A segment came from a peer: what was rolled up from it is made anew. */
  replaced({ series, tier, startMs }: Pick<SegmentRow, "series" | "tier" | "startMs">): void {
    this.due.add(series);
    const coarser = TIERS.find((other) => PLANS[other].from === tier);
    if (coarser === undefined) return;
    const range = { series, tier: coarser, fromMs: spanStart(coarser, startMs) };
    const heads = this.parts.file.heads({ ...range, toMs: range.fromMs + 1 });
    const stale = heads.filter(({ seal }) => seal === "open");
    if (stale.length > 0) this.parts.file.commit({ drop: stale });
  }

  private *work(): Steps {
    try {
      yield* this.closeHours();
      const due = [...this.due];
      this.due.clear();
      for (const number of due) {
        const state = this.book.get(number);
        if (state !== undefined) yield* this.settle(state);
      }
      yield* this.makeRoom();
    } finally {
      this.isWorking = false;
    }
  }

  private *closeHours(): Steps {
    let closed = 0;
    let rows: SegmentRow[] = [];
    const over: [SeriesState, Millis][] = [];
    const commit = (): boolean => {
      const done = this.parts.file.commit({ series: this.book.unsaved(), put: rows });
      this.noticeLoss();
      if (!done.ok) return false;
      this.book.saved();
      for (const [state, startMs] of over) {
        state.open.delete(startMs);
        this.due.add(state.number);
      }
      closed += rows.length;
      rows = [];
      over.length = 0;
      return true;
    };
    for (const state of this.book.all()) {
      for (const startMs of this.overStarts(state)) {
        const segment = this.parts.segments.hour(state, startMs, state.open.get(startMs));
        if (segment === undefined) continue;
        rows.push(this.parts.segments.row(state, segment, this.sealFor(state)));
        over.push([state, startMs]);
        if (rows.length < ROWS_PER_COMMIT) continue;
        if (!commit()) return;
        yield;
      }
    }
    if (rows.length > 0 && !commit()) return;
    if (closed > 0) this.rewriteJournal();
    yield;
  }

  /** Rolls up what is over of one series, and lets go what is beyond its time. */
  private *settle(state: SeriesState): Steps {
    const { file, segments, keepMax } = this.parts;
    for (const tier of TIERS) {
      for (const startMs of file.unrolled(state.number, tier)) {
        if (!this.isOver(state, startMs + PLANS[tier].spanMs, FETCHED_MS)) continue;
        const segment = segments.rolled(state, tier, startMs);
        if (segment === undefined) continue;
        file.commit({ put: [segments.row(state, segment, this.sealFor(state))] });
        yield;
      }
    }
    for (const tier of TIERS) {
      const starts = file.surplus(state.number, tier, keepMax[tier]);
      const drop = starts.map((startMs) => ({ series: state.number, tier, startMs }));
      if (drop.length > 0) file.commit({ drop });
      yield;
    }
  }

  private *makeRoom(): Steps {
    const { file, bytesMax } = this.parts;
    while (file.state().bytes > bytesMax * FULL_SHARE) {
      const drop = file.oldest(DROPPED_AT_ONCE);
      if (drop.length === 0 || !file.commit({ drop }).ok) return;
      yield;
    }
  }

  /** Leaves in the journal only what is still open, the newest readings included. */
  private rewriteJournal(): void {
    const journal = encodeJournal([...this.book.heard()]);
    if (this.parts.file.commit({ series: this.book.unsaved(), journal }).ok) {
      this.waiting = [];
      this.book.saved();
    }
  }

  /** A damaged file was put aside: the new one lacks the series and what is open. */
  private noticeLoss(): void {
    const { movedAside } = this.parts.file.state();
    if (movedAside === this.movedAside) return;
    this.movedAside = movedAside;
    this.book.unsaveAll();
    this.rewriteJournal();
  }

  private overStarts(state: SeriesState): readonly Millis[] {
    const { spanMs } = PLANS.raw;
    return [...state.open.keys()].filter((at) => this.isOver(state, at + spanMs, LATE_MS_MAX));
  }

  private isOver({ name }: SeriesState, endMs: Millis, graceMs: Millis): boolean {
    const reachedMs = this.reachedMs(name.origin) ?? 0;
    return reachedMs >= endMs + (name.origin === this.parts.self ? 0 : graceMs);
  }

  private sealFor({ name }: SeriesState): "sealed" | "open" {
    return name.origin === this.parts.self ? "sealed" : "open";
  }

  /** What its origin has sealed does not change here; the origin itself may seal it anew. */
  private isSealed(state: SeriesState, atMs: Millis): boolean {
    const { file, self } = this.parts;
    const fromMs = spanStart("raw", atMs);
    if (state.name.origin === self || state.open.has(fromMs)) return false;
    const range = { series: state.number, tier: "raw", fromMs, toMs: fromMs + 1 } as const;
    return file.heads(range).some(({ seal }) => seal === "sealed");
  }
}
