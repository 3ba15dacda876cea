import type { Timers } from "../../firmware-bridge/src/timers.ts";
import { err, ok, type Result } from "../base/result.ts";
import { MINUTE_MS } from "../base/time.ts";
import type { Holdable } from "../store/port.ts";
import type { Persistence } from "./persistence.ts";
import type { BackupSide, HeldFile, HeldView, WriteRefusal } from "./read-side.ts";

/** A guess: 512 MB of history to a slow stick. Its log grows by some MB meanwhile. */
export const HOLD_MS_MAX = 5 * MINUTE_MS;

export interface BackupHoldParts {
  readonly persistence: Pick<Persistence, "flush">;
  readonly state: Holdable;
  readonly history: Holdable & { flush(): void };
  readonly pid: number;
  readonly timers: Timers;
}

/**
 * Keeps one of the node's files still while `watercooler backup` copies it. Nothing of a file goes
 * over the API: who copies it has to be allowed to read the data folder, which has the node's key.
 */
export class BackupHold implements BackupSide {
  private held: Holdable | undefined;
  private number = 0;
  private cancel: () => void = () => {};

  constructor(private readonly parts: BackupHoldParts) {}

  hold(file: HeldFile): Result<HeldView, WriteRefusal> {
    // Whoever asked before may have been killed.
    this.release(this.number);
    const { persistence, history, state, pid, timers } = this.parts;
    // What was acknowledged may still be in memory alone.
    const flushed = persistence.flush("all", "durable");
    if (file === "history") history.flush();
    const holdable = file === "history" ? history : state;
    const done = flushed.ok ? holdable.hold() : flushed;
    if (!done.ok) {
      const detail = `the ${file} can't be copied: it takes no writes (${done.error})`;
      return err({ status: 507, detail });
    }
    this.held = holdable;
    this.number += 1;
    const { number } = this;
    this.cancel = timers.set(HOLD_MS_MAX, () => this.release(number));
    return ok({ hold: number, pid });
  }

  release(hold: number): "held" | "broken" {
    if (hold !== this.number) return "broken";
    this.cancel();
    const was = this.held?.release() ?? "broken";
    this.held = undefined;
    return was;
  }
}
