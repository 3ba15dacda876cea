import type { NodeId } from "../../base/id.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import { encodeJournal, type Heard } from "../../history/journal.ts";
import type { SpanName } from "../../history/manifest.ts";
import { OriginClocks } from "../../history/origin-clocks.ts";
import type { Segment, SeriesName } from "../../history/segment.ts";
import { PLANS, spanStart, TIERS, type Tier } from "../../history/tiers.ts";
import type { Entry } from "../../replica/entry.ts";
import type { HistoryFile, SegmentPlace, SegmentRow } from "../../store/history.ts";
import { heardReading } from "./heard-entry.ts";
import type { Segments } from "./segments.ts";
import { SeriesBook, type SeriesState } from "./series-book.ts";
import type { Slices, Steps } from "./slices.ts";

/** Readings reach the card together this often; a power cut may take that much. */
export const FLUSH_MS = MINUTE_MS;
/** How often it is looked for hours that are over. */
export const LOOK_MS = 2 * SECOND_MS;
/** Another origin's hour is over so long after it ended, since readings overtake each other. */
const LATE_MS_MAX = 10 * SECOND_MS;
/**
 * A process that ended badly forgot its last readings; its neighbours have them, and tell within
 * this. A guess.
 */
const REMINDED_MS = 20 * SECOND_MS;
/** What others measured is rolled up so much later, so that what was missed can be fetched. */
const FETCHED_MS = 10 * MINUTE_MS;
/** Readings that wait for a disk which takes no writes. A guess: an hour of 50 sensors. */
const WAITING_MAX = 20_000;
/** Readings that are written to the journal anew in one go. A guess: 2 ms on a Pi. */
const OPEN_FEW = 2_000;
/** Blocks after which it is shortened at any rate: three hours. */
const BLOCKS_MAX = 180;
/** Segments in one commit. */
const ROWS_PER_COMMIT = 8;
/** Above this share of the size limit the oldest segments go. */
const FULL_SHARE = 0.9;
const DROPPED_AT_ONCE = 64;

/** How many segments of each tier are kept, and whether roll-ups of this series are kept long. */
export interface Retention {
  readonly keepMax: Readonly<Record<Tier, number>>;
  readonly share: "holder" | "passer-by";
}

export interface HistorianParts {
  readonly self: NodeId;
  readonly file: HistoryFile;
  readonly segments: Segments;
  readonly slices: Slices;
  readonly clock: Clock;
  /** What is kept of a series. */
  retention(series: SeriesName): Retention;
  readonly bytesMax: number;
  /** Whether peers are to give parts of what a span is rolled up from, or itself. */
  awaits(span: SpanName): boolean;
  /** Told of each span of this node's own that was closed. */
  sealed(tier: Tier, startMs: Millis): void;
}

interface Closed {
  readonly state: SeriesState;
  readonly row: SegmentRow;
  /** Readings in it when it was made. */
  readonly size: number;
}

/**
 * Keeps what passes by: readings in memory while their hour lasts, with a journal on the disk, then
 * as segments, then rolled up. No clock of this node's decides when an hour of another is over,
 * only what that other said.
 */
export class Historian {
  readonly book = new SeriesBook();
  readonly clocks = new OriginClocks();
  /** How far each origin's own clock is known to have come. */
  private readonly reached = new Map<NodeId, Millis>();
  private waiting: Heard[] = [];
  /** Until then no hour of this node's own is closed, monotonic. */
  private ownAfterMs: Millis = 0;
  /** Blocks in the journal, about. */
  private blocks = 0;
  private isLoaded = false;
  private readonly due = new Set<number>();
  private isWorking = false;
  private movedAside: string | undefined;

  constructor(private readonly parts: HistorianParts) {}

  /** Reads what a former process left, at the first call. */
  load(): void {
    if (this.isLoaded) return;
    this.book.load(this.parts.file);
    const { failure, movedAside } = this.parts.file.state();
    // Where the file can't be read yet, a number given now may be another series' there.
    const isUnread = failure === "read-only" || failure === "full";
    if (isUnread && this.book.all().next().done) return;
    this.isLoaded = true;
    this.movedAside = movedAside;
    for (const { number } of this.book.all()) this.due.add(number);
    const left = this.book.ofOrigin(this.parts.self).some(({ open }) => open.size > 0);
    if (left) this.ownAfterMs = this.parts.clock.monotonicMs() + REMINDED_MS;
  }

  /** Drops all of an origin, a series at a time. */
  forget(origin: NodeId): void {
    const gone = this.book.forget(origin).map(({ number }) => number);
    this.waiting = this.waiting.filter(({ series }) => !gone.includes(series));
    this.parts.slices.run(this.drop(gone));
  }

  private *drop(numbers: readonly number[]): Steps {
    for (const number of numbers) {
      this.parts.file.commit({ forget: [number] });
      yield;
    }
    // Their numbers are given again after the next start.
    this.rewriteJournal();
  }

  /** Something of an origin is whole now: what it may be rolled up to is made. */
  touch(origin: NodeId): void {
    for (const { number } of this.book.ofOrigin(origin)) this.due.add(number);
  }

  hear(entries: readonly Entry[]): void {
    const { clock } = this.parts;
    for (const entry of entries) {
      const reading = heardReading(entry);
      if (reading === undefined) continue;
      this.load();
      if (!this.isLoaded) continue;
      const { name, atMs, steps, holdMs } = reading;
      this.reached.set(name.origin, atMs);
      this.clocks.hear(name.origin, atMs, clock.wallMs(), clock.monotonicMs());
      const state = this.book.find(name);
      if (state === undefined || this.isSealed(state, atMs)) continue;
      if (this.book.add(state, reading) === "full") continue;
      this.waiting.push({ series: state.number, atMs, steps, holdMs });
    }
  }

  /** Takes readings of an hour from a peer, as far as they were not heard here. */
  learn({ series, startMs, holdMs, buckets }: Segment): void {
    this.load();
    const state = this.isLoaded ? this.book.find(series) : undefined;
    if (state === undefined || this.isSealed(state, startMs)) return;
    const known = this.parts.segments.hour(state, startMs, state.open.get(startMs));
    const heard = new Set(known?.buckets.map(({ atMs }) => atMs));
    for (const { atMs, sum: steps } of buckets) {
      const reading = { series: state.number, atMs, steps, holdMs };
      if (heard.has(atMs) || this.book.add(state, reading) === "full") continue;
      this.waiting.push(reading);
    }
  }

  /** An origin says that it has closed all up to here: no reading from before is on its way. */
  closedBy(origin: NodeId, atMs: Millis): void {
    const reachedMs = this.reached.get(origin) ?? 0;
    this.reached.set(origin, Math.max(reachedMs, atMs + LATE_MS_MAX));
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
      this.blocks += 1;
      this.book.saved();
    } else this.waiting = this.waiting.slice(-WAITING_MAX);
    this.noticeLoss();
  }

  /** Looks whether an hour is over, and does what is due then. */
  look(): void {
    const { file } = this.parts;
    // Where it could not be read at the start, a write tells whether its disk is well now.
    if (!this.isLoaded && file.state().failure !== undefined && file.commit({}).ok) this.load();
    if (!this.isLoaded || this.isWorking) return;
    // A disk may take writes again, also where nobody has anything new to say.
    if (file.state().failure !== undefined) this.rewriteJournal();
    const isOver = [...this.book.all()].some((state) => this.overStarts(state).length > 0);
    if (!isOver && this.due.size === 0) return;
    this.isWorking = true;
    this.parts.slices.run(this.work());
  }

  /** A segment is new: what was rolled up without it is made anew. */
  replaced({ series, tier, startMs }: SegmentPlace): void {
    this.due.add(series);
    const coarser = TIERS.find((other) => PLANS[other].from === tier);
    if (coarser === undefined) return;
    const isOwn = this.book.get(series)?.name.origin === this.parts.self;
    const range = { series, tier: coarser, fromMs: spanStart(coarser, startMs) };
    const heads = this.parts.file.heads({ ...range, toMs: range.fromMs + 1 });
    const stale = heads.filter(({ seal }) => isOwn || seal === "open");
    if (stale.length === 0 || !this.hasAll(series, tier, range.fromMs)) return;
    this.parts.file.commit({ drop: stale });
  }

  /** Whether no segment from `startMs` on was let go for its age, as far as can be told. */
  private hasAll(series: number, tier: Tier, startMs: Millis): boolean {
    const name = this.book.get(series)?.name;
    if (name === undefined) return false;
    const { file, retention } = this.parts;
    const heads = file.heads({ series, tier, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER });
    const [oldest] = heads;
    const isOld = oldest !== undefined && oldest.startMs < startMs;
    return isOld || heads.length < retention(name).keepMax[tier];
  }

  private *work(): Steps {
    try {
      yield* this.closeHours();
      const due = [...this.due];
      this.due.clear();
      yield* this.settle(due);
      yield* this.makeRoom();
    } finally {
      this.isWorking = false;
    }
  }

  private *closeHours(): Steps {
    let closed: Closed[] = [];
    const commit = (): boolean => {
      const put = closed.map(({ row }) => row);
      const done = this.parts.file.commit({ series: this.book.unsaved(), put });
      this.noticeLoss();
      if (!done.ok) return false;
      this.book.saved();
      for (const { state, row, size } of closed) {
        this.replaced(row);
        this.tellSealed(row);
        // One that came in the meantime is closed in the next round.
        if (state.open.get(row.startMs)?.size === size) state.open.delete(row.startMs);
      }
      closed = [];
      return true;
    };
    for (const state of this.book.all()) {
      for (const startMs of this.overStarts(state)) {
        if (this.isStoredSealed(state, startMs)) state.open.delete(startMs);
        const open = state.open.get(startMs);
        const segment = open && this.parts.segments.hour(state, startMs, open);
        if (segment === undefined || open === undefined) continue;
        const row = this.parts.segments.row(state, segment, this.sealFor(state));
        closed.push({ state, row, size: open.size });
        yield;
        if (closed.length >= ROWS_PER_COMMIT && !commit()) return;
      }
    }
    if (closed.length > 0 && !commit()) return;
    yield;
    this.shortenJournal();
    yield;
  }

  /** Rolls up what is over of some series, and lets go what is beyond its time. */
  private *settle(numbers: readonly number[]): Steps {
    const { file } = this.parts;
    let put: SegmentRow[] = [];
    let drop: SegmentPlace[] = [];
    const commit = () => {
      if (put.length + drop.length === 0) return;
      if (file.commit({ put, drop }).ok) {
        for (const row of put) {
          this.replaced(row);
          this.tellSealed(row);
        }
      }
      put = [];
      drop = [];
    };
    for (const state of numbers.map((number) => this.book.get(number))) {
      if (state === undefined) continue;
      for (const row of this.rollUps(state)) {
        if (row !== undefined) put.push(row);
        yield;
      }
      drop.push(...this.surplus(state));
      // Side by side in the file, they cost a page or two together.
      if (put.length >= ROWS_PER_COMMIT || drop.length >= DROPPED_AT_ONCE) commit();
      yield;
    }
    commit();
    yield;
  }

  private *rollUps(state: SeriesState): IterableIterator<SegmentRow | undefined> {
    const { file, segments } = this.parts;
    const { keepMax } = this.parts.retention(state.name);
    let isFresh = false;
    for (const tier of TIERS) {
      if (keepMax[tier] === 0) continue;
      for (const startMs of file.unrolled(state.number, tier)) {
        if (!this.isOver(state, startMs + PLANS[tier].spanMs, FETCHED_MS)) continue;
        if (this.parts.awaits({ origin: state.name.origin, tier, startMs })) continue;
        const steps = segments.rolled(state, tier, startMs);
        let step = steps.next();
        for (; !step.done; step = steps.next()) yield undefined;
        if (step.value === undefined) continue;
        isFresh = true;
        yield segments.row(state, step.value, this.sealFor(state));
      }
      // What is not in the file yet can't be rolled up further: the next round does it.
      if (isFresh) return;
    }
  }

  private surplus(state: SeriesState): readonly SegmentPlace[] {
    const { keepMax, share } = this.parts.retention(state.name);
    const { number: series } = state;
    return TIERS.flatMap((tier) => {
      // Who keeps no coarser tier spares nothing for it.
      const but = tier === "raw" || share === "holder" ? "unrolled" : "none";
      const starts = this.parts.file.surplus(series, tier, keepMax[tier], but);
      return starts.map((startMs) => ({ series, tier, startMs }));
    });
  }

  private *makeRoom(): Steps {
    const { file, bytesMax } = this.parts;
    while (file.state().bytes > bytesMax * FULL_SHARE) {
      const drop = file.oldest(DROPPED_AT_ONCE);
      if (drop.length === 0 || !file.commit({ drop }).ok) return;
      yield;
    }
  }

  /** After hours were closed, and once there is little left: then it costs little. */
  private shortenJournal(): void {
    this.blocks += 1;
    let open = 0;
    for (const state of this.book.all()) for (const { size } of state.open.values()) open += size;
    if (open <= OPEN_FEW || this.blocks > BLOCKS_MAX) this.rewriteJournal();
  }

  /** Leaves in the journal only what is still open, the newest readings included. */
  private rewriteJournal(): void {
    const journal = encodeJournal([...this.book.heard()]);
    if (this.parts.file.commit({ series: this.book.unsaved(), journal }).ok) {
      this.waiting = [];
      this.blocks = 0;
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
    const { self, clock } = this.parts;
    if (state.name.origin === self && clock.monotonicMs() < this.ownAfterMs) return [];
    return [...state.open.keys()].filter((at) => this.isOver(state, at + spanMs, LATE_MS_MAX));
  }

  private isOver({ name }: SeriesState, endMs: Millis, graceMs: Millis): boolean {
    const reachedMs = this.reachedMs(name.origin) ?? 0;
    return reachedMs >= endMs + (name.origin === this.parts.self ? 0 : graceMs);
  }

  private tellSealed({ series, tier, startMs }: SegmentRow): void {
    const origin = this.book.get(series)?.name.origin;
    if (origin === this.parts.self) this.parts.sealed(tier, startMs);
  }

  private sealFor({ name }: SeriesState): "sealed" | "open" {
    return name.origin === this.parts.self ? "sealed" : "open";
  }

  /** What its origin has sealed does not change here; the origin itself may seal it anew. */
  private isSealed(state: SeriesState, atMs: Millis): boolean {
    const startMs = spanStart("raw", atMs);
    return !state.open.has(startMs) && this.isStoredSealed(state, startMs);
  }

  private isStoredSealed({ number, name }: SeriesState, fromMs: Millis): boolean {
    if (name.origin === this.parts.self) return false;
    const range = { series: number, tier: "raw", fromMs, toMs: fromMs + 1 } as const;
    return this.parts.file.heads(range).some(({ seal }) => seal === "sealed");
  }
}
