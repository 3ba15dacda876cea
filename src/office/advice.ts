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
        const isBack = reading !== undefined && !isBeyond(rule, reading, rule.hysteresis);
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
  if (!isBeyond(rule, reading, before?.state === "said" ? rule.hysteresis : 0)) return undefined;
  const sinceMs = before?.sinceMs ?? nowMs - reading.ageMs;
  return { sinceMs, state: nowMs - sinceMs >= rule.forMs ? "said" : "waiting" };
}

function freshReading({ kind }: AdviceRule, { readings }: RoomView): ReadingView | undefined {
  const reading = readings.find((one) => one.kind === kind);
  return reading?.stale === true ? undefined : reading;
}

/** Whether a value is beyond a rule's bounds, or within them by less than `slack`. */
function isBeyond(rule: AdviceRule, reading: ReadingView, slack: number): boolean {
  const value = Number(reading.value);
  const { above = Infinity, below = -Infinity } = rule;
  return value > above - slack || value < below + slack;
}

function isWithin({ fromMinute, toMinute }: DayPart, minute: number): boolean {
  if (fromMinute <= toMinute) return minute >= fromMinute && minute < toMinute;
  return minute >= fromMinute || minute < toMinute;
}

function keyOf(rule: number, room: string): string {
  return `${rule} ${room}`;
}
