import type { Sensor } from "../../firmware-bridge/src/sensor.ts";
import type { NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";
import { dueReset, type ResetQuestion } from "../office/door-reset.ts";
import {
  type DoorFold,
  doorFolds,
  encodeReset,
  parsePassagesKey,
  passagesKey,
  passagesRecord,
  resetKey,
  resetOf,
} from "../office/doors.ts";
import { silentNodes } from "../office/nodes.ts";
import { lastMoved, lostNodes } from "../office/occupancy.ts";
import { readingViews } from "../office/rooms.ts";
import type { Passage } from "../reading/passage.ts";
import type { Reading } from "../reading/reading.ts";
import type { Entry } from "../replica/entry.ts";
import type { Replica } from "../replica/replica.ts";
import { localMinute } from "./local-minute.ts";
import type { Named } from "./naming.ts";
import type { Node } from "./node.ts";

/** How often a room's count is considered. A guess: a count that is wrong may be so for a while. */
const LOOK_MS = 15 * SECOND_MS;
/** Doors that one node counts at, so that no client fills the state with rooms. A guess. */
const DOORS_MAX = 64;
const DAY_MINUTES = 24 * 60;

export interface DoorsParts {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly sensors: readonly Sensor[];
  readonly log: Log;
  /** The node's own room is in it. */
  readonly naming: Named;
  /** This start of the process, as no other one is called. */
  readonly run: string;
  /** After which minute of the day counts begin anew; undefined for none. */
  readonly resetMinute: number | undefined;
}

interface Totals {
  readonly ins: number;
  readonly outs: number;
}

const NOBODY: Totals = { ins: 0, outs: 0 };

/** What one sensor counted: by former processes, and by this one. */
interface Tally {
  former: Totals;
  counted: Totals;
  /** Whether this process has written it, rather than carried it over. */
  state: "carried" | "written";
}

/** Adds up who goes through this node's doors, and sees that counts come right again. */
export class Doors {
  private readonly tallies = new Map<string, Tally>();
  private isFull = false;

  constructor(private readonly parts: DoorsParts) {}

  start(): void {
    const { node, sensors } = this.parts;
    for (const sensor of sensors) sensor.onPassage?.((passage) => this.pass(passage));
    node.onEntries((entries) => this.hear(entries));
    node.every(LOOK_MS, () => this.look());
  }

  /** What a reading says of who is in, where its sensor stands at a door: all doors together. */
  shown(reading: Reading): number {
    const { replica, self, clock, naming } = this.parts;
    const at = reading.room ?? naming.room;
    if (reading.kind !== "count") return reading.value;
    if (replica.get(self, passagesKey(at, reading.sensor)) === undefined) return reading.value;
    const fold = doorFolds(replica, clock.monotonicMs()).get(at);
    return Math.max(0, fold?.net ?? reading.value);
  }

  private pass({ sensor, room = this.parts.naming.room, ins, outs }: Passage): void {
    const key = passagesKey(room, sensor);
    const isNobody = ins + outs === 0;
    if (isNobody && this.parts.replica.get(this.parts.self, key) !== undefined) return;
    this.parts.node.settleLives();
    if (!this.hasPlaceFor(key)) return;
    const tally = this.tallyOf(key);
    tally.counted = sum(tally.counted, { ins, outs });
    this.write(key, tally, isNobody ? undefined : 0);
  }

  private hasPlaceFor(key: string): boolean {
    const keys = [...(this.parts.replica.state(this.parts.self)?.held.keys() ?? [])];
    const doors = keys.filter((one) => parsePassagesKey(one) !== undefined);
    if (doors.includes(key) || doors.length < DOORS_MAX) return true;
    if (!this.isFull) this.parts.log.write("warn", "too many doors: some are not counted");
    this.isFull = true;
    return false;
  }

  /** A former life that only others remember may have counted more than the disk knew. */
  private hear(entries: readonly Entry[]): void {
    for (const { origin, key, value } of entries) {
      if (origin !== this.parts.self || parsePassagesKey(key) === undefined) continue;
      const said = value && passagesRecord.decode(value);
      if (!said?.ok || said.value.run === this.parts.run) continue;
      const { ins, outs, quietMs } = said.value;
      const tally = this.tallyOf(key);
      const former = {
        ins: Math.max(ins, tally.former.ins),
        outs: Math.max(outs, tally.former.outs),
      };
      const isNews = former.ins > tally.former.ins || former.outs > tally.former.outs;
      tally.former = former;
      // Where this process has not counted, what is heard is simply carried over.
      if (isNews && tally.state === "written") this.write(key, tally, quietMs);
    }
  }

  private write(key: string, tally: Tally, quietMs: Millis | undefined): void {
    const { run, node } = this.parts;
    tally.state = "written";
    const value = passagesRecord.encode({ ...sum(tally.former, tally.counted), run, quietMs });
    node.write(key, value, "batched");
  }

  private tallyOf(key: string): Tally {
    const known = this.tallies.get(key);
    if (known !== undefined) return known;
    const value = this.parts.replica.get(this.parts.self, key)?.entry.value;
    const said = value && passagesRecord.decode(value);
    const former = said?.ok ? said.value : NOBODY;
    const tally: Tally = { former, counted: NOBODY, state: "carried" };
    this.tallies.set(key, tally);
    return tally;
  }

  /** Writes what a room's count needs to come right, if anything. */
  private look(): void {
    const { self, node, replica, clock } = this.parts;
    const nowMs = clock.monotonicMs();
    for (const fold of doorFolds(replica, nowMs).values()) {
      if (!fold.origins.includes(self)) continue;
      const from = dueReset(this.questionOf(fold, nowMs));
      if (from !== undefined) node.write(resetKey(fold.room), encodeReset(from), "batched");
    }
  }

  private questionOf(fold: DoorFold, nowMs: Millis): ResetQuestion {
    const { self, replica } = this.parts;
    const motions = readingViews(replica, self, nowMs).filter(
      ({ room, kind, stale }) => room === fold.room && kind === "motion" && !stale,
    );
    return {
      self,
      fold,
      said: resetOf(replica, self, fold.room),
      silent: new Set(silentNodes(replica, self, nowMs)),
      lost: lostNodes(replica, self, nowMs),
      movedMs: lastMoved(motions),
      sinceResetHourMs: this.sinceResetHourMs(),
    };
  }

  /** The wall clock only shortens how long a room has to be still: see `door-reset.ts`. */
  private sinceResetHourMs(): Millis | undefined {
    const { resetMinute, clock } = this.parts;
    if (resetMinute === undefined) return undefined;
    return ((localMinute(clock) - resetMinute + DAY_MINUTES) % DAY_MINUTES) * MINUTE_MS;
  }
}

function sum(left: Totals, right: Totals): Totals {
  return { ins: left.ins + right.ins, outs: left.outs + right.outs };
}
