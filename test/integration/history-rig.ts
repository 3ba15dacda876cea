import { createHash } from "node:crypto";
import type { NodeId } from "../../src/base/id.ts";
import type { Log } from "../../src/base/log.ts";
import { ManualClock } from "../../src/base/time.ts";
import { Charts } from "../../src/node/history/charts.ts";
import { FLUSH_MS, Historian } from "../../src/node/history/historian.ts";
import { Segments } from "../../src/node/history/segments.ts";
import { Slices } from "../../src/node/history/slices.ts";
import { readingKey, readingRecord } from "../../src/office/records.ts";
import type { Entry } from "../../src/replica/entry.ts";
import type { HistoryFile } from "../../src/store/history.ts";
import { SqliteHistory } from "../../src/store/history-sqlite.ts";
import { idOf } from "./api-fake-office.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** A midnight. */
export const START_MS = Date.UTC(2026, 2, 1);

const hash = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());

export function readingEntry(origin: NodeId, wallMs: number, value: number): Entry {
  const record = { value, room: "lab", ageMs: 0, everyMs: MINUTE_MS };
  return {
    origin,
    key: readingKey("climate", "temperature"),
    dot: { incarnation: 1, seq: 1 },
    stamp: { wallMs, counter: 0 },
    value: readingRecord.encode(record),
    body: new Uint8Array(),
    signature: new Uint8Array(),
  };
}

/** A historian on a real file, on time that moves when it is told. */
export class HistoryRig {
  readonly clock = new ManualClock(START_MS);
  readonly said: string[] = [];
  readonly self = idOf(1);
  readonly file: SqliteHistory;
  readonly historian: Historian;
  private readonly charts: Charts;
  private due: (() => void)[] = [];

  /** `through` is what the historian sees of the file. */
  constructor(path: string, bytesMax = 2 ** 30, through = (file: HistoryFile) => file) {
    const log: Log = { write: (_, message) => void this.said.push(message) };
    const file = new SqliteHistory({ path, log, bytesMax });
    const seen = through(file);
    const segments = new Segments(seen, hash);
    const timers = {
      set: (_: number, callback: () => void) => {
        this.due.push(callback);
        return () => {
          this.due = this.due.filter((one) => one !== callback);
        };
      },
    };
    this.file = file;
    this.historian = new Historian({
      ...{ self: this.self, file: seen, segments, clock: this.clock, bytesMax },
      slices: new Slices(this.clock, timers),
      retention: () => ({ keepMax: { raw: 48, minute: 30, hour: 73 }, share: "holder" }),
      awaits: () => false,
      sealed: () => {},
    });
    const { book, clocks } = this.historian;
    const itself = (origin: NodeId) => origin;
    this.charts = new Charts(book, segments, clocks, itself, async () => {});
  }

  /** Lives until a moment, with a reading of each origin a minute. */
  live(untilMs: number, ...origins: readonly NodeId[]): void {
    while (this.clock.wallMs() < untilMs) {
      const wallMs = this.clock.wallMs();
      const value = 20 + ((wallMs / MINUTE_MS) % 7);
      this.historian.hear(origins.map((origin) => readingEntry(origin, wallMs, value)));
      this.clock.advance(FLUSH_MS);
      this.historian.flush();
      this.work();
    }
  }

  /** Does what is due, to its end. */
  work(): void {
    this.historian.look();
    while (this.due.length > 0) this.due.splice(0, 1)[0]?.();
  }

  async chart(fromMs: number, toMs: number, stepMs: number) {
    this.historian.load();
    return await this.charts.draw({ room: "lab", kind: "temperature", fromMs, toMs, stepMs });
  }
}
