import type { Timers } from "../../firmware-bridge/src/timers.ts";
import type { Log } from "../base/log.ts";
import { type Clock, type Millis, SECOND_MS } from "../base/time.ts";
import { BIRTH_KEY, decodeBirth } from "../replica/birth.ts";
import type { Entry } from "../replica/entry.ts";
import type { Writer } from "../replica/writer.ts";
import { yieldsTo } from "./clone-watch.ts";

/** Entries of a former life are gathered until none came for so long. A guess. */
const ANSWER_AFTER_MS = 300;
/** A former life is answered after this, however many entries still come. A guess. */
const ANSWER_MS_MAX = 3 * SECOND_MS;
/** How long a clone goes on passing its last words to others where its twin is silent. A guess. */
const CEDE_MS_MAX = 8 * SECOND_MS;

export interface OwnLivesParts {
  readonly boot: string;
  readonly moved: boolean;
  readonly writer: Writer;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Spreads entries that this process made. */
  readonly announce: (entries: readonly Entry[]) => void;
  /** Leaves the mesh. */
  readonly leave: () => void;
}

/**
 * What others say under this node's own identity: a former life of its own, which is answered, or
 * a twin on a cloned card. Of two twins one gives way: it says once more what it alone may know,
 * stops writing, and leaves the mesh when the other has taken that over.
 */
export class OwnLives {
  private standing: "sole" | "ceding" | "left" = "sole";
  private firstHeardMs: Millis | undefined;
  private cancelTimer: () => void = () => {};
  /** The life in which this process gave way. */
  private lastLife = 0;
  private metTwin = false;

  constructor(private readonly parts: OwnLivesParts) {}

  /** True once this process found that it is the clone: it writes no more. */
  get isClone(): boolean {
    return this.standing !== "sole";
  }

  /** True once it has left the mesh for that. */
  get hasLeft(): boolean {
    return this.standing === "left";
  }

  /** Looks at an entry under this node's identity. */
  hear(entry: Entry): void {
    if (this.hasLeft) return;
    const foreign = this.parts.writer.notice(entry);
    if (foreign === "twin" && this.meetTwin(entry)) return;
    if (foreign !== "none" && this.standing === "sole") this.answerSoon();
  }

  /**
   * Answers a former life now, as far as it was heard: a write must not hide behind what a former
   * life said under the same key.
   */
  answerBeforeWrite(): void {
    if (this.firstHeardMs === undefined || this.standing !== "sole") return;
    this.cancelTimer();
    this.answer();
  }

  stop(): void {
    this.cancelTimer();
  }

  /** Gives true where this process is the one that gives way. */
  private meetTwin(entry: Entry): boolean {
    const birth = entry.key === BIRTH_KEY ? decodeBirth(entry.value) : undefined;
    if (birth === undefined) return false;
    if (this.standing === "ceding") {
      if (birth.answers === this.lastLife) this.leave();
      return true;
    }
    if (yieldsTo(this.parts, birth)) {
      this.cede();
      return true;
    }
    if (!this.metTwin) this.parts.log.write("error", "a clone of this node's card runs elsewhere");
    this.metTwin = true;
    return false;
  }

  private answerSoon(): void {
    const nowMs = this.parts.clock.monotonicMs();
    this.firstHeardMs ??= nowMs;
    const lastMs = this.firstHeardMs + ANSWER_MS_MAX;
    const afterMs = Math.max(0, Math.min(ANSWER_AFTER_MS, lastMs - nowMs));
    this.cancelTimer();
    this.cancelTimer = this.parts.timers.set(afterMs, () => this.answer());
  }

  private answer(): void {
    const { writer, clock, log, announce } = this.parts;
    this.firstHeardMs = undefined;
    log.write("warn", "heard of a former life of this node: starting one above it");
    announce(writer.answer(clock.monotonicMs(), clock.wallMs()));
  }

  private cede(): void {
    const { writer, clock, timers, log, announce } = this.parts;
    this.cancelTimer();
    this.standing = "ceding";
    log.write("error", "another node runs with this node's identity; this one stops writing");
    const entries = writer.cede(clock.monotonicMs(), clock.wallMs());
    this.lastLife = writer.position().incarnation;
    this.cancelTimer = timers.set(CEDE_MS_MAX, () => this.leave());
    announce(entries);
  }

  private leave(): void {
    this.cancelTimer();
    this.standing = "left";
    this.parts.leave();
  }
}
