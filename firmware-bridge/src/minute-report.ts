import type { Log } from "../../src/base/log.ts";
import { MINUTE_MS } from "../../src/base/time.ts";
import type { Timers } from "./timers.ts";

/** Different reasons told apart within one report; the rest are added up as "other". A guess. */
const REASONS_COUNT_MAX = 16;

/** Counts what went wrong and logs it once a minute, so that a mad device can't fill a card. */
export class MinuteReport {
  private readonly totals = new Map<string, number>();
  private pending = new Map<string, number>();
  private cancel: (() => void) | undefined;

  constructor(
    private readonly log: Log,
    private readonly timers: Timers,
    private readonly message: string,
    private readonly fields: Readonly<Record<string, string>> = {},
  ) {}

  count(reason: string): void {
    const known = this.totals.has(reason) || this.totals.size < REASONS_COUNT_MAX;
    const name = known ? reason : "other";
    this.totals.set(name, (this.totals.get(name) ?? 0) + 1);
    this.pending.set(name, (this.pending.get(name) ?? 0) + 1);
    this.cancel ??= this.timers.set(MINUTE_MS, () => this.flush());
  }

  /** Counts since the beginning, by reason. */
  counts(): ReadonlyMap<string, number> {
    return this.totals;
  }

  /** Logs what is pending and rests. */
  flush(): void {
    this.cancel?.();
    this.cancel = undefined;
    if (this.pending.size === 0) return;
    this.log.write("warn", this.message, { ...this.fields, ...Object.fromEntries(this.pending) });
    this.pending = new Map();
  }
}
