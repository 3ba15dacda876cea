import type { Log } from "../base/log.ts";
import { type Clock, MINUTE_MS, type Millis } from "../base/time.ts";
import type { Metric } from "./read-side.ts";

/** Kinds of trouble remembered for the log; a hostile peer can't make more. */
const TROUBLES_MAX = 64;

interface Trouble {
  count: number;
  saidMs: Millis;
}

/** What the node counts, and the log lines that trouble from outside is allowed to make. */
export class Counters {
  private readonly values = new Map<string, Map<string, number>>();
  private readonly troubles = new Map<string, Trouble>();

  constructor(
    private readonly log: Log,
    private readonly clock: Clock,
  ) {}

  /** Adds to the counter `name` for one value of its label. */
  add(name: string, label: string, amount = 1): void {
    const byLabel = this.values.get(name) ?? new Map<string, number>();
    byLabel.set(label, (byLabel.get(label) ?? 0) + amount);
    this.values.set(name, byLabel);
  }

  /** Says that something from outside was wrong: at once, then once a minute with the count. */
  trouble(what: string, detail: string): void {
    const nowMs = this.clock.monotonicMs();
    const known = this.troubles.get(what) ?? { count: 0, saidMs: Number.NEGATIVE_INFINITY };
    known.count += 1;
    if (nowMs - known.saidMs >= MINUTE_MS) {
      this.log.write("warn", what, { detail, times: known.count });
      known.count = 0;
      known.saidMs = nowMs;
    }
    if (this.troubles.size < TROUBLES_MAX || this.troubles.has(what)) {
      this.troubles.set(what, known);
    }
  }

  /** The sum of a counter over all its labels. */
  total(name: string): number {
    return [...(this.values.get(name)?.values() ?? [])].reduce((sum, value) => sum + value, 0);
  }

  /** All samples of one counter, as a metric. */
  metric(name: string, label: string, help: string): Metric {
    const samples = [...(this.values.get(name) ?? [])].map(([text, value]) => ({
      labels: { [label]: text },
      value,
    }));
    return { name, help, type: "counter", samples };
  }
}
