import type { Clock } from "../base/time.ts";
import { AdviceBook } from "../office/advice.ts";
import type { Advised } from "../office/announcements.ts";
import { parseReadingKey } from "../office/records.ts";
import { parseTargetKey } from "../office/targets.ts";
import type { RoomView } from "../office/views.ts";
import type { AdviceRule } from "../reading/advice-rule.ts";
import { localMinute } from "./local-minute.ts";
import type { Node } from "./node.ts";

/** Keeps what the rules say of rooms, by this node's own clocks. */
export class RoomAdvice {
  private readonly book: AdviceBook;

  constructor(
    private readonly rules: readonly AdviceRule[],
    private readonly clock: Clock,
  ) {
    this.book = new AdviceBook(rules);
  }

  /** Looks at the rooms whenever a reading or a target came, so that no change is missed. */
  follow(node: Node, rooms: () => readonly RoomView[]): void {
    if (this.rules.length === 0) return;
    node.onEntries((entries) => {
      const told = entries.some(
        ({ key }) => parseReadingKey(key) !== undefined || parseTargetKey(key) !== undefined,
      );
      if (told) this.book.update(rooms(), this.clock.monotonicMs());
    });
  }

  /** The rooms with what is to be said of them now. */
  advised(rooms: readonly RoomView[]): readonly RoomView[] {
    if (this.rules.length === 0) return rooms;
    this.book.update(rooms, this.clock.monotonicMs());
    const minute = this.minuteOfDay();
    return rooms.map((room) => ({ ...room, advice: this.book.of(room.room, minute) }));
  }

  /** What each rule says of rooms now, for those who announce it. */
  toAnnounce(rooms: readonly RoomView[]): readonly Advised[] {
    this.book.update(rooms, this.clock.monotonicMs());
    return this.book.advised(rooms, this.minuteOfDay());
  }

  private minuteOfDay(): number {
    // Quiet hours are for people: the only use of the wall clock here.
    return localMinute(this.clock);
  }
}
