import type { NodeId } from "../../base/id.ts";
import type { Millis } from "../../base/time.ts";
import { decodeJournal, type Heard } from "../../history/journal.ts";
import { OpenSpan } from "../../history/open-span.ts";
import { type SeriesName, seriesKey } from "../../history/segment.ts";
import { spanStart } from "../../history/tiers.ts";
import type { HistoryFile, NumberedSeries } from "../../store/history.ts";

/** Series of one origin, and of all; more are not remembered. Guesses: 200 Pis with 40 each. */
const SERIES_PER_ORIGIN_MAX = 256;
const SERIES_MAX = 8_192;

/** A series and what was heard of it in hours that are not over. */
export interface SeriesState extends NumberedSeries {
  readonly open: Map<Millis, OpenSpan>;
}

/** All series that are known, with their open hours in memory. */
export class SeriesBook {
  private readonly byKey = new Map<string, SeriesState>();
  private readonly byNumber = new Map<number, SeriesState>();
  private readonly byOrigin = new Map<NodeId, SeriesState[]>();
  /** Not in the file yet. */
  private fresh: SeriesState[] = [];
  private highest = 0;

  /** Takes what a former process left. */
  load(file: HistoryFile): void {
    for (const one of file.series()) this.enter(one);
    for (const block of file.journal()) {
      for (const heard of decodeJournal(block)) {
        const state = this.byNumber.get(heard.series);
        if (state !== undefined) this.add(state, heard);
      }
    }
  }

  all(): IterableIterator<SeriesState> {
    return this.byNumber.values();
  }

  get(number: number): SeriesState | undefined {
    return this.byNumber.get(number);
  }

  ofOrigin(origin: NodeId): readonly SeriesState[] {
    return this.byOrigin.get(origin) ?? [];
  }

  /** The series of that name, or a new one; undefined where there are too many. */
  find(name: SeriesName): SeriesState | undefined {
    const known = this.byKey.get(seriesKey(name));
    if (known !== undefined) return known;
    const { length } = this.ofOrigin(name.origin);
    if (length >= SERIES_PER_ORIGIN_MAX || this.byKey.size >= SERIES_MAX) return undefined;
    const state = this.enter({ number: this.highest + 1, name });
    this.fresh.push(state);
    return state;
  }

  /** Adds a reading to its open hour. */
  add(state: SeriesState, { atMs, steps, holdMs }: Omit<Heard, "series">): "taken" | "full" {
    const startMs = spanStart("raw", atMs);
    let span = state.open.get(startMs);
    if (span === undefined) {
      span = new OpenSpan();
      state.open.set(startMs, span);
    }
    return span.add(atMs, steps, holdMs);
  }

  origins(): Iterable<NodeId> {
    return this.byOrigin.keys();
  }

  /** Drops an origin's series; their numbers are not given again in this process. */
  forget(origin: NodeId): readonly SeriesState[] {
    const gone = this.ofOrigin(origin);
    for (const { number, name } of gone) {
      this.byKey.delete(seriesKey(name));
      this.byNumber.delete(number);
    }
    this.byOrigin.delete(origin);
    this.fresh = this.fresh.filter(({ name }) => name.origin !== origin);
    return gone;
  }

  /** Series that the file does not have. */
  unsaved(): readonly NumberedSeries[] {
    return this.fresh.map(({ number, name }) => ({ number, name }));
  }

  saved(): void {
    this.fresh = [];
  }

  /** The file was lost: every series has to be written to the new one. */
  unsaveAll(): void {
    this.fresh = [...this.all()];
  }

  /** Everything heard in hours that are not over. */
  *heard(): IterableIterator<Heard> {
    for (const { number: series, open } of this.all()) {
      for (const span of open.values()) {
        const { holdMs } = span;
        for (const { atMs, sum: steps } of span.readings()) yield { series, atMs, steps, holdMs };
      }
    }
  }

  private enter({ number, name }: NumberedSeries): SeriesState {
    const state = { number, name, open: new Map() };
    this.byKey.set(seriesKey(name), state);
    this.byNumber.set(number, state);
    this.byOrigin.set(name.origin, [...this.ofOrigin(name.origin), state]);
    this.highest = Math.max(this.highest, number);
    return state;
  }
}
