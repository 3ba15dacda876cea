import type { Millis } from "../base/time.ts";
import type { AdviceRule, DayPart } from "../reading/advice-rule.ts";
import type { Advised } from "./announcements.ts";
import type { ReadingView, RoomView } from "./views.ts";

interface Standing {
  /** Since when the value has been beyond the bound, on this node's monotonic clock. */
  readonly sinceMs: Millis;
  readonly state: "waiting" | "said";
}

/**
 * What the rules of the configuration have to say of rooms.
 *
 * It remembers since when each rule holds, so it wants to see the rooms after every change. A
 * value that is stale advises nothing.
 */
export class AdviceBook {
  private standings = new Map<string, Standing>();

  constructor(private readonly rules: readonly AdviceRule[]) {}

  /** Judges every rule by the rooms as they are now. */
  update(rooms: readonly RoomView[], nowMs: Millis): void {
    const next = new Map<string, Standing>();
    for (const [at, rule] of this.rules.entries()) {
      for (const room of rooms) {
        if (rule.room !== undefined && rule.room !== room.room) continue;
        const key = keyOf(at, room.room);
        const standing = judge(rule, room, this.standings.get(key), nowMs);
        if (standing !== undefined) next.set(key, standing);
      }
    }
    this.standings = next;
  }

  /** What is to be said of a room at a time of day, in the rules' order. */
  of(room: string, minuteOfDay: number): readonly string[] {
    const said = this.rules
      .filter((_, at) => this.standings.get(keyOf(at, room))?.state === "said")
      .filter(({ quiet }) => quiet === undefined || !isWithin(quiet, minuteOfDay))
      .map(({ say }) => say);
    return [...new Set(said)];
  }

  /**
   * What each rule says of rooms, for those who announce it. Left out is what is not known, or
   * has not held for long enough: what was announced of it before stands.
   */
  advised(rooms: readonly RoomView[], minuteOfDay: number): readonly Advised[] {
    return this.rules.flatMap((rule, at) =>
      rooms.flatMap((room): Advised[] => {
        if (rule.room !== undefined && rule.room !== room.room) return [];
        const { kind, say: text, quiet } = rule;
        const what = { room: room.room, kind, text };
        if (this.standings.get(keyOf(at, room.room))?.state === "said") {
          const isQuiet = quiet !== undefined && isWithin(quiet, minuteOfDay);
          return [{ ...what, state: isQuiet ? "quiet" : "said" }];
        }
        const reading = freshReading(rule, room);
        const isBack =
          reading !== undefined && !isBeyond(boundsOf(rule, room), reading, rule.hysteresis);
        return isBack ? [{ ...what, state: "over" }] : [];
      }),
    );
  }
}

function judge(
  rule: AdviceRule,
  room: RoomView,
  before: Standing | undefined,
  nowMs: Millis,
): Standing | undefined {
  const reading = freshReading(rule, room);
  if (reading === undefined) return undefined;
  const bounds = boundsOf(rule, room);
  const slack = before?.state === "said" ? rule.hysteresis : 0;
  if (!isBeyond(bounds, reading, slack)) return undefined;
  // A target may be newer than the value: then only from now on is the value known to be beyond.
  const sinceMs = before?.sinceMs ?? nowMs - (bounds.hangsOn === "target" ? 0 : reading.ageMs);
  return { sinceMs, state: nowMs - sinceMs >= rule.forMs ? "said" : "waiting" };
}

function freshReading({ kind }: AdviceRule, { readings }: RoomView): ReadingView | undefined {
  const reading = readings.find((one) => one.kind === kind);
  return reading?.stale === true ? undefined : reading;
}

/** Whether a value is beyond the bounds, or within them by less than `slack`. */
function isBeyond({ above, below }: Bounds, reading: ReadingView, slack: number): boolean {
  const value = Number(reading.value);
  return value > above - slack || value < below + slack;
}

interface Bounds {
  readonly above: number;
  readonly below: number;
  readonly hangsOn: "rule" | "target";
}

/** A rule's bounds in a room, where people may want something. */
function boundsOf(rule: AdviceRule, { targets }: RoomView): Bounds {
  const { above = Infinity, below = -Infinity, aboveTarget, belowTarget } = rule;
  const wanted = Number(targets.find(({ kind }) => kind === rule.kind)?.value ?? Number.NaN);
  if (Number.isNaN(wanted) || (aboveTarget === undefined && belowTarget === undefined)) {
    return { above, below, hangsOn: "rule" };
  }
  return {
    above: Math.min(above, wanted + (aboveTarget ?? Infinity)),
    below: Math.max(below, wanted - (belowTarget ?? Infinity)),
    hangsOn: "target",
  };
}

function isWithin({ fromMinute, toMinute }: DayPart, minute: number): boolean {
  if (fromMinute <= toMinute) return minute >= fromMinute && minute < toMinute;
  return minute >= fromMinute || minute < toMinute;
}

function keyOf(rule: number, room: string): string {
  return `${rule} ${room}`;
}
