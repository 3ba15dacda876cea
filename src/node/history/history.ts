import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import type { NodeId } from "../../base/id.ts";
import type { Clock, Millis } from "../../base/time.ts";
import { PLANS, type Tier } from "../../history/tiers.ts";
import type { HistoryFile } from "../../store/history.ts";
import type { Node } from "../node.ts";
import type { Check, HistoryAsk, HistorySide, HistoryView } from "../read-side.ts";
import { Charts } from "./charts.ts";
import { FLUSH_MS, Historian, LOOK_MS } from "./historian.ts";
import { type Hash, Segments } from "./segments.ts";
import { Slices } from "./slices.ts";

/** The file grows no larger: two years of 300 series fit (measured). The oldest goes first. */
export const HISTORY_BYTES_MAX = 512 * 1024 * 1024;

export interface HistoryParts {
  readonly self: NodeId;
  readonly node: Node;
  readonly file: HistoryFile;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly rawMs: Millis;
  readonly minutesMs: Millis;
  readonly hoursMs: Millis;
}

/** What a node remembers of all that passed by. */
export class History implements HistorySide {
  private readonly historian: Historian;
  private readonly charts: Charts;
  private readonly slices: Slices;

  constructor(private readonly parts: HistoryParts) {
    const { self, file, hash, clock, timers, rawMs, minutesMs, hoursMs } = parts;
    const segments = new Segments(file, hash);
    this.slices = new Slices(clock, timers);
    const spans = (tier: Tier, keepMs: Millis) => Math.ceil(keepMs / PLANS[tier].spanMs);
    const keepMax = {
      raw: spans("raw", rawMs),
      minute: spans("minute", minutesMs),
      hour: spans("hour", hoursMs),
    };
    const { slices } = this;
    const bytesMax = HISTORY_BYTES_MAX;
    this.historian = new Historian({ self, file, segments, slices, clock, keepMax, bytesMax });
    const pause = () => new Promise<void>((resolve) => timers.set(0, resolve));
    this.charts = new Charts(this.historian.book, segments, pause);
  }

  start(): void {
    const { node } = this.parts;
    node.onEntries((entries) => this.historian.hear(entries));
    node.every(FLUSH_MS, () => this.historian.flush());
    node.every(LOOK_MS, () => this.historian.look());
  }

  /** Writes what was not yet written. */
  stop(): void {
    this.slices.stop();
    this.historian.flush();
    this.parts.file.close();
  }

  async chart(ask: HistoryAsk): Promise<HistoryView> {
    this.historian.load();
    return { ...ask, points: await this.charts.draw(ask) };
  }

  check(): Check {
    const { failure, movedAside } = this.parts.file.state();
    const fine = movedAside === undefined ? "kept" : `a damaged file was moved to ${movedAside}`;
    if (failure === undefined) return { name: "history", state: "ok", detail: fine };
    const detail = `not kept (${failure}): see to the disk`;
    return { name: "history", state: "degraded", detail };
  }
}
