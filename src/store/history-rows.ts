import type { Database } from "better-sqlite3";
import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { PLANS, TIERS, type Tier } from "../history/tiers.ts";
import type { Kind } from "../reading/kind.ts";
import type {
  HistoryBatch,
  NumberedSeries,
  SegmentHead,
  SegmentPlace,
  SegmentRow,
  SpanRange,
  Sparing,
} from "./history.ts";
import { keep } from "./kept.ts";
import { migrate, type Step, settleVersion, stepBack } from "./migrations.ts";

/**
 * Bodies lie in the order of their arrival, so that an hour's are written side by side; the index
 * finds them by span. A segment carries its own identity and hash, so a damaged index shows.
 */
const HISTORY_STEPS: readonly Step[] = [
  {
    up: `
  CREATE TABLE series (
    number INTEGER PRIMARY KEY, origin TEXT NOT NULL, sensor TEXT NOT NULL, kind TEXT NOT NULL,
    room TEXT NOT NULL
  );
  CREATE TABLE segments (
    id INTEGER PRIMARY KEY, tier INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    series INTEGER NOT NULL, sealed INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL
  );
  CREATE UNIQUE INDEX by_span ON segments (tier, series, start_ms);
  CREATE TABLE journal (id INTEGER PRIMARY KEY, block BLOB NOT NULL);`,
    down: "",
  },
];

interface PlaceRow {
  readonly tier: number;
  readonly start_ms: Millis;
  readonly series: number;
}

interface HeadRow extends PlaceRow {
  readonly sealed: number;
  readonly hash: Uint8Array;
}

interface BodyRow extends HeadRow {
  readonly body: Uint8Array;
}

interface SeriesRow {
  readonly number: number;
  readonly origin: NodeId;
  readonly sensor: string;
  readonly kind: Kind;
  readonly room: string;
}

/** Makes the tables of a new file. "newer": a later version of the program made it. */
export function prepareHistory(db: Database, steps = HISTORY_STEPS): "ready" | "newer" {
  const version = settleVersion(db);
  const isSound = () => keep(prepare(db)) !== undefined;
  if (version > steps.length) {
    return version === steps.length + 1 && stepBack(db, isSound) ? "ready" : "newer";
  }
  migrate(db, steps);
  return "ready";
}

/** The tables of an open history. Every call may throw SQLite's errors. */
export class HistoryRows {
  private readonly statements: ReturnType<typeof prepare>;
  private readonly writeAll: (batch: HistoryBatch) => void;

  constructor(db: Database) {
    this.statements = keep(prepare(db));
    this.writeAll = db.transaction((batch: HistoryBatch) => this.write(batch));
  }

  commit(batch: HistoryBatch): void {
    this.writeAll(batch);
  }

  series(): readonly NumberedSeries[] {
    return this.statements.series.all().map(({ number, ...name }) => ({ number, name }));
  }

  journal(): readonly Uint8Array[] {
    return this.statements.journal.all().map(({ block }) => new Uint8Array(block));
  }

  segments({ tier, series, fromMs, toMs }: SpanRange): readonly SegmentRow[] {
    const rows = this.statements.segments.all(TIERS.indexOf(tier), series, fromMs, toMs);
    return rows.map((row) => ({ ...headOf(row), body: new Uint8Array(row.body) }));
  }

  heads({ tier, series, fromMs, toMs }: SpanRange): readonly SegmentHead[] {
    return this.statements.heads.all(TIERS.indexOf(tier), series, fromMs, toMs).map(headOf);
  }

  surplus(series: number, tier: Tier, keepMax: number, but: Sparing): readonly Millis[] {
    const fine = TIERS.indexOf(tier);
    const above = TIERS.find((other) => PLANS[other].from === tier);
    const coarser = but === "unrolled" ? above : undefined;
    const spanMs = PLANS[coarser ?? tier].spanMs;
    // With nothing to spare, each covers itself.
    const coarse = TIERS.indexOf(coarser ?? tier);
    return this.statements.surplus.all({ series, fine, coarse, spanMs, keepMax });
  }

  unrolled(series: number, tier: Tier): readonly Millis[] {
    const { from, spanMs } = PLANS[tier];
    if (from === undefined) return [];
    const [coarse, fine] = [TIERS.indexOf(tier), TIERS.indexOf(from)];
    return this.statements.unrolled.all({ series, coarse, fine, spanMs });
  }

  oldest(limit: number): readonly SegmentPlace[] {
    for (const tier of TIERS.keys()) {
      const rows = this.statements.oldest.all(tier, limit);
      if (rows.length > 0) return rows.map(placeOf);
    }
    return [];
  }

  private forget(number: number): void {
    const { forgetSegments, forgetSeries } = this.statements;
    for (const tier of TIERS.keys()) forgetSegments.run(tier, number);
    forgetSeries.run(number);
  }

  private write(batch: HistoryBatch): void {
    const { series = [], put = [], drop = [], seal = [], append, journal } = batch;
    const { addSeries, putSegment, dropSegment, sealSegment } = this.statements;
    const { addBlock, clearJournal } = this.statements;
    for (const { number, name } of series) addSeries.run({ number, ...name });
    for (const { tier, startMs, series: number, seal, hash, body } of put) {
      const sealed = seal === "sealed" ? 1 : 0;
      putSegment.run(TIERS.indexOf(tier), startMs, number, sealed, hash, body);
    }
    for (const { tier, startMs, series: number } of drop) {
      dropSegment.run(TIERS.indexOf(tier), startMs, number);
    }
    for (const { tier, startMs, series: number } of seal) {
      sealSegment.run(TIERS.indexOf(tier), startMs, number);
    }
    for (const number of batch.forget ?? []) this.forget(number);
    if (journal !== undefined) clearJournal.run();
    for (const block of [journal, append]) if (block?.length) addBlock.run(block);
  }
}

function placeOf({ tier, start_ms: startMs, series }: PlaceRow): SegmentPlace {
  return { tier: TIERS[tier] ?? "raw", startMs, series };
}

function headOf(row: HeadRow): SegmentHead {
  const seal = row.sealed === 1 ? "sealed" : "open";
  return { ...placeOf(row), seal, hash: new Uint8Array(row.hash) };
}

interface Cover {
  readonly series: number;
  readonly fine: number;
  readonly coarse: number;
  readonly spanMs: Millis;
}

function prepare(db: Database) {
  const range = "tier = ? AND series = ? AND start_ms >= ? AND start_ms < ?";
  type Range = [number, number, Millis, Millis];
  return {
    series: keep(db.prepare<[], SeriesRow>("SELECT * FROM series")),
    journal: keep(db.prepare<[], { block: Uint8Array }>("SELECT block FROM journal ORDER BY id")),
    segments: keep(
      db.prepare<Range, BodyRow>(`SELECT * FROM segments WHERE ${range} ORDER BY start_ms`),
    ),
    heads: keep(
      db.prepare<Range, HeadRow>(
        `SELECT tier, start_ms, series, sealed, hash FROM segments WHERE ${range}
         ORDER BY start_ms`,
      ),
    ),
    surplus: keep(
      db
        .prepare<[Cover & { keepMax: number }], Millis>(
          `SELECT start_ms FROM (
             SELECT start_ms FROM segments WHERE tier = @fine AND series = @series
             ORDER BY start_ms DESC LIMIT -1 OFFSET @keepMax
           ) AS old WHERE EXISTS (
             SELECT 1 FROM segments AS cover WHERE cover.tier = @coarse
               AND cover.series = @series
               AND cover.start_ms = old.start_ms - old.start_ms % @spanMs
           )`,
        )
        .pluck(),
    ),
    unrolled: keep(
      db
        .prepare<[Cover], Millis>(
          `SELECT DISTINCT fine.start_ms - fine.start_ms % @spanMs AS span
           FROM segments AS fine WHERE fine.tier = @fine AND fine.series = @series
           AND NOT EXISTS (
             SELECT 1 FROM segments AS cover WHERE cover.tier = @coarse
               AND cover.series = @series
               AND cover.start_ms = fine.start_ms - fine.start_ms % @spanMs
           ) ORDER BY span`,
        )
        .pluck(),
    ),
    oldest: keep(
      db.prepare<[number, number], PlaceRow>(
        "SELECT tier, start_ms, series FROM segments WHERE tier = ? ORDER BY id LIMIT ?",
      ),
    ),
    addSeries: keep(
      db.prepare<[SeriesRow], never>(
        "INSERT OR REPLACE INTO series VALUES (@number, @origin, @sensor, @kind, @room)",
      ),
    ),
    putSegment: keep(
      db.prepare<[number, Millis, number, number, Uint8Array, Uint8Array], never>(
        `INSERT INTO segments (tier, start_ms, series, sealed, hash, body)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (tier, series, start_ms) DO UPDATE
         SET sealed = excluded.sealed, hash = excluded.hash, body = excluded.body`,
      ),
    ),
    dropSegment: keep(
      db.prepare<[number, Millis, number], never>(
        "DELETE FROM segments WHERE tier = ? AND start_ms = ? AND series = ?",
      ),
    ),
    sealSegment: keep(
      db.prepare<[number, Millis, number], never>(
        "UPDATE segments SET sealed = 1 WHERE tier = ? AND start_ms = ? AND series = ?",
      ),
    ),
    forgetSegments: keep(
      db.prepare<[number, number], never>("DELETE FROM segments WHERE tier = ? AND series = ?"),
    ),
    forgetSeries: keep(db.prepare<[number], never>("DELETE FROM series WHERE number = ?")),
    addBlock: keep(db.prepare<[Uint8Array], never>("INSERT INTO journal (block) VALUES (?)")),
    clearJournal: keep(db.prepare<[], never>("DELETE FROM journal")),
  };
}
