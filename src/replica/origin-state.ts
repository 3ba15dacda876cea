import { compareBytes } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { BIRTH_KEY, type Birth, decodeBirth } from "./birth.ts";
import { parseCoverage } from "./coverage.ts";
import { compareDots, type Dot, type Entry, NO_DOT } from "./entry.ts";
import { Intervals } from "./intervals.ts";
import { bytesOf, ENTRIES_PER_ORIGIN_MAX, ORIGIN_BYTES_MAX, surplusOf } from "./origin-limits.ts";

/**
 * Lives of one origin that are followed at once. A guess: a Pi that starts over and over before
 * it is heard.
 */
const LIVES_MAX = 8;

/** What is known of one life of an origin. */
interface Life {
  birth: Birth | undefined;
  readonly covered: Intervals;
  /** The highest seq of which there is a signed entry: nobody else's word goes beyond it. */
  signed: number;
  /** Keys from here on are not kept: there were too many, or they weighed too much. */
  cut: string | undefined;
}

/** An entry and when, on this node's monotonic clock, it came. */
export interface Held {
  readonly entry: Entry;
  readonly heardMs: Millis;
  /** Hash of the body, once it was needed. */
  hash?: Uint8Array;
}

/** What is held of one key and life, and the name of the two: to make one is dear. */
interface Row extends Held {
  readonly name: string;
}

const NONE: readonly string[] = [];

/** What joining an entry did. */
export type Placement =
  /** Its key now has this entry. */
  | "changed"
  /** New, but its key already has a later one. */
  | "outdated"
  | "known"
  /** Another content under the same dot: somebody else writes with this origin's key. */
  | "equivocation"
  /** The origin has as many keys, or as many bytes, as one may have: this one is not kept. */
  | "full";

/**
 * All that one origin says, as far as it is known here.
 *
 * 1. Of each key and life the entry with the highest seq is a row; of each key the row with the
 *    highest dot is what is `held`. Lives stay apart until one has replaced the other, so that a
 *    restored backup can't overwrite what was written after it was made.
 * 2. `position()` = (life, seq) says: of that life nothing up to seq is missing.
 * 3. Nothing here depends on the order in which entries came.
 */
export class OriginState {
  readonly held = new Map<string, Row>();
  /** By key and life: what is stored, digested and sent. */
  readonly rows = new Map<string, Row>();
  private readonly lives = new Map<number, Life>();
  private current = 0;
  private floor: Dot = NO_DOT;
  private buried: string[] = [];
  private bytes = 0;

  constructor(readonly origin: NodeId) {}

  /** Up to where nothing of this origin is missing. */
  position(): Dot {
    const life = this.lives.get(this.current);
    if (life === undefined) return NO_DOT;
    return { incarnation: this.current, seq: life.covered.prefix() };
  }

  /** How far a life that is not whole yet has come, if there is one above the current. */
  pending(): Dot | undefined {
    const highest = Math.max(0, ...this.lives.keys());
    const life = this.lives.get(highest);
    if (highest <= this.current || life === undefined) return undefined;
    return { incarnation: highest, seq: life.covered.prefix() };
  }

  /** Highest life that was ever heard of. */
  highest(): number {
    return Math.max(this.floor.incarnation, ...this.lives.keys());
  }

  /** True when an entry with this dot is here, was replaced, or is said to be. */
  knows(dot: Dot): boolean {
    if (compareDots(dot, this.floor) <= 0) return true;
    return this.lives.get(dot.incarnation)?.covered.has(dot.seq) === true;
  }

  /**
   * True when an entry that is said to be known belongs here all the same: a peer's word about
   * what is complete was wrong. What was replaced has a row with a later dot, or is buried.
   */
  lacks({ key, dot }: Entry): boolean {
    if (compareDots(dot, this.floor) <= 0) return false;
    const row = this.rowOf(key, dot.incarnation);
    return row === undefined || row.entry.dot.seq < dot.seq;
  }

  /** The entry held under the very dot, if it still is. */
  heldAt(key: string, dot: Dot): Entry | undefined {
    const entry = this.rowOf(key, dot.incarnation)?.entry;
    return entry?.dot.seq === dot.seq ? entry : undefined;
  }

  /** The name of the row that an entry has, or would have. */
  nameOf({ key, dot }: Entry): string {
    return this.rowOf(key, dot.incarnation)?.name ?? rowName(key, dot.incarnation);
  }

  /** Joins an entry whose signature and origin were checked. */
  join(entry: Entry, nowMs: Millis): Placement {
    if (this.knows(entry.dot) && !this.lacks(entry)) return this.joinKnown(entry, nowMs);
    const { key, dot } = entry;
    const older = this.rowOf(key, dot.incarnation);
    if (older?.entry.dot.seq === dot.seq) return this.joinKnown(entry, nowMs);
    const life = this.life(dot.incarnation);
    if (isBeyondCut(entry, life)) {
      this.note(entry);
      return "full";
    }
    const wins = older === undefined || older.entry.dot.seq < dot.seq;
    const name = older?.name ?? rowName(key, dot.incarnation);
    const visible = wins && this.place({ name, entry, heardMs: nowMs });
    life.covered.add(dot.seq, dot.seq);
    life.signed = Math.max(life.signed, dot.seq);
    if (key === BIRTH_KEY) life.birth = decodeBirth(entry.value);
    const isNoted = life.covered.has(dot.seq);
    this.establish(dot.incarnation);
    this.shed(dot.incarnation);
    if (isBeyondCut(entry, this.lives.get(dot.incarnation))) return "full";
    if (visible) return "changed";
    // One that can't be noted would be news each time that it comes, and go round for ever.
    return isNoted ? "outdated" : "known";
  }

  /** Counts an entry as known without keeping it. Gives whether that was new. */
  note({ dot }: Entry): boolean {
    if (this.knows(dot)) return false;
    const life = this.life(dot.incarnation);
    life.covered.add(dot.seq, dot.seq);
    life.signed = Math.max(life.signed, dot.seq);
    this.establish(dot.incarnation);
    return true;
  }

  /** Drops a row for good, as if a new life had. */
  drop(row: string, key: string): void {
    this.bury(row, key);
  }

  /**
   * Takes a peer's word that nothing between the two dots is missing any more, as far as there is
   * a signed entry: a member that lies must not keep out what the origin says later.
   */
  cover(from: Dot, to: Dot): void {
    const life = this.lives.get(to.incarnation);
    if (life === undefined || compareDots(to, this.floor) <= 0) return;
    const first = from.incarnation === to.incarnation ? from.seq + 1 : 1;
    life.covered.add(first, Math.min(to.seq, life.signed));
    this.establish(to.incarnation);
  }

  /** Rows that a new life dropped since the last call. */
  takeBuried(): readonly string[] {
    if (this.buried.length === 0) return NONE;
    const keys = this.buried;
    this.buried = [];
    return keys;
  }

  /** For the store: what `restore` takes back. */
  coverage(): string {
    const lives = [...this.lives].map(([incarnation, life]) => [incarnation, life.covered]);
    return JSON.stringify({ current: this.current, floor: this.floor, lives });
  }

  /**
   * Takes back what was stored together with the entries. A coverage that is none is as if there
   * were none: what it said is asked of the neighbours again.
   */
  restore(coverage: string, held: readonly Held[]): void {
    for (const item of held) {
      const { key, dot } = item.entry;
      this.place({ ...item, name: rowName(key, dot.incarnation) });
    }
    const { current, floor, lives } = parseCoverage(coverage);
    for (const [incarnation, intervals] of lives) {
      const covered = new Intervals(intervals);
      this.lives.set(incarnation, {
        birth: undefined,
        covered,
        signed: covered.highest(),
        cut: undefined,
      });
    }
    for (const [incarnation, life] of this.lives) {
      life.birth = decodeBirth(this.rows.get(rowName(BIRTH_KEY, incarnation))?.entry.value);
    }
    this.current = current;
    this.floor = floor;
  }

  private joinKnown(entry: Entry, nowMs: Millis): Placement {
    const same = this.heldAt(entry.key, entry.dot);
    if (same === undefined) return "known";
    const order = compareBytes(same.body, entry.body);
    if (order === 0) return "known";
    // Any rule will do as long as every node has the same one.
    if (order < 0) this.place({ name: this.nameOf(entry), entry, heardMs: nowMs });
    return "equivocation";
  }

  private life(incarnation: number): Life {
    let life = this.lives.get(incarnation);
    if (life === undefined) {
      life = { birth: undefined, covered: new Intervals(), signed: 0, cut: undefined };
      this.lives.set(incarnation, life);
    }
    return life;
  }

  /**
   * Gives up the lowest life where there are too many. It counts as known from then on: were it
   * only forgotten, each of its entries would be news again, and go round for ever.
   */
  private capLives(): void {
    if (this.lives.size <= LIVES_MAX) return;
    this.raiseFloor({ incarnation: Math.min(...this.lives.keys()), seq: Number.MAX_SAFE_INTEGER });
  }

  private establish(incarnation: number): void {
    const life = this.lives.get(incarnation);
    if (life?.birth !== undefined && life.covered.prefix() >= life.birth.base) {
      this.current = Math.max(this.current, incarnation);
      const { supersedes } = life.birth;
      // A birth can't bury its own life, whatever it says.
      if (supersedes.incarnation < incarnation) this.raiseFloor(supersedes);
    }
    this.capLives();
  }

  /** Drops what is at or below a dot, for good. */
  private raiseFloor(floor: Dot): void {
    if (compareDots(floor, this.floor) <= 0) return;
    this.floor = floor;
    for (const [row, { entry }] of this.rows) {
      if (compareDots(entry.dot, floor) <= 0) this.bury(row, entry.key);
    }
    for (const known of this.lives.keys()) {
      const last = { incarnation: known, seq: Number.MAX_SAFE_INTEGER };
      if (compareDots(last, floor) <= 0 || known < floor.incarnation) this.lives.delete(known);
    }
    if (!this.lives.has(this.current)) this.current = this.highestWhole();
  }

  private highestWhole(): number {
    let highest = 0;
    for (const [incarnation, { birth, covered }] of this.lives) {
      if (birth !== undefined && covered.prefix() >= birth.base) {
        highest = Math.max(highest, incarnation);
      }
    }
    return highest;
  }

  /** Drops what is beyond the limits of a life; it stays known. */
  private shed(incarnation: number): void {
    if (this.rows.size <= ENTRIES_PER_ORIGIN_MAX && this.bytes <= ORIGIN_BYTES_MAX) return;
    const life = this.life(incarnation);
    for (const [row, { key }] of surplusOf(this.rows, incarnation)) {
      life.cut = key;
      this.bury(row, key);
    }
  }

  /** What is held of a key and life. */
  private rowOf(key: string, incarnation: number): Row | undefined {
    // Nearly always it is what the key shows, and then its name need not be made.
    const shown = this.held.get(key);
    if (shown?.entry.dot.incarnation === incarnation) return shown;
    return this.rows.get(rowName(key, incarnation));
  }

  /** Puts a row where it belongs. Gives true when its key now shows it. */
  private place(row: Row): boolean {
    const { name, entry } = row;
    const older = this.rows.get(name);
    this.bytes += bytesOf(entry) - (older === undefined ? 0 : bytesOf(older.entry));
    this.rows.set(name, row);
    const shown = this.held.get(entry.key)?.entry;
    if (shown !== undefined && compareDots(shown.dot, entry.dot) > 0) return false;
    this.held.set(entry.key, row);
    return true;
  }

  private bury(row: string, key: string): void {
    const gone = this.rows.get(row);
    if (gone !== undefined) this.bytes -= bytesOf(gone.entry);
    this.rows.delete(row);
    this.buried.push(row);
    if (this.held.get(key) !== gone) return;
    this.held.delete(key);
    for (const incarnation of this.lives.keys()) {
      const other = this.rows.get(rowName(key, incarnation));
      if (other !== undefined) this.place(other);
    }
  }
}

/** A row's name: its key and life. */
export function rowName(key: string, incarnation: number): string {
  return `${key} @${incarnation}`;
}

function isBeyondCut({ key }: Entry, life: Life | undefined): boolean {
  const cut = life?.cut;
  return cut !== undefined && key >= cut && key !== BIRTH_KEY;
}
