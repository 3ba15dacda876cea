import type { Millis } from "../base/time.ts";
import type { AdviceRule, DayPart } from "../reading/advice-rule.ts";
import type { RoomView } from "./views.ts";

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
}

function judge(
  rule: AdviceRule,
  room: RoomView,
  before: Standing | undefined,
  nowMs: Millis,
): Standing | undefined {
  const reading = room.readings.find(({ kind }) => kind === rule.kind);
  if (reading === undefined || reading.stale) return undefined;
  const slack = before?.state === "said" ? rule.hysteresis : 0;
  const value = Number(reading.value);
  const { above, below, hangsOn } = boundsOf(rule, room);
  if (value <= above - slack && value >= below + slack) return undefined;
  // A target may be newer than the value: then only from now on is the value known to be beyond.
  const sinceMs = before?.sinceMs ?? (hangsOn === "target" ? nowMs : nowMs - reading.ageMs);
  return { sinceMs, state: nowMs - sinceMs >= rule.forMs ? "said" : "waiting" };
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
