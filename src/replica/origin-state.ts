import { compareBytes } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { BIRTH_KEY, type Birth, decodeBirth } from "./birth.ts";
import { compareDots, type Dot, type Entry, NO_DOT } from "./entry.ts";
import { type Interval, Intervals } from "./intervals.ts";

/** Lives of one origin that are followed at once. A guess: the last, the next, and a clone's. */
const LIVES_MAX = 4;
/** Live keys of one origin. A guess: every device of a large office seen by one Pi. */
export const ENTRIES_PER_ORIGIN_MAX = 4_096;

/** What is known of one life of an origin. */
interface Life {
  birth: Birth | undefined;
  readonly covered: Intervals;
}

/** An entry and when, on this node's monotonic clock, it came. */
export interface Held {
  readonly entry: Entry;
  readonly heardMs: Millis;
}

/** What joining an entry did. */
export type Placement =
  /** Its key now has this entry. */
  | "changed"
  /** New, but its key already has a later one. */
  | "outdated"
  | "known"
  /** Another content under the same dot: somebody else writes with this origin's key. */
  | "equivocation"
  /** The origin has as many keys as one may have. */
  | "full";

/**
 * All that one origin says, as far as it is known here.
 *
 * 1. Of each key the entry with the highest dot is held.
 * 2. `position()` = (life, seq) says: of that life nothing up to seq is missing, and every life
 *    up to the one that it supersedes is gone.
 * 3. Nothing here depends on the order in which entries came.
 */
export class OriginState {
  readonly held = new Map<string, Held>();
  private readonly lives = new Map<number, Life>();
  private current = 0;
  private floor = 0;

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
    return Math.max(this.floor, ...this.lives.keys());
  }

  /** Highest life that the origin is known to have replaced. */
  supersededUpTo(): number {
    return this.floor;
  }

  /** True when joining an entry with this dot can change nothing. */
  knows(dot: Dot): boolean {
    if (dot.incarnation <= this.floor) return true;
    return this.lives.get(dot.incarnation)?.covered.has(dot.seq) === true;
  }

  /** The entry held under the very dot, if it still is. */
  heldAt(key: string, dot: Dot): Entry | undefined {
    const entry = this.held.get(key)?.entry;
    return entry !== undefined && compareDots(entry.dot, dot) === 0 ? entry : undefined;
  }

  /** Joins an entry whose signature and origin were checked. */
  join(entry: Entry, nowMs: Millis): Placement {
    if (this.knows(entry.dot)) return this.joinKnown(entry, nowMs);
    const existing = this.held.get(entry.key)?.entry;
    if (existing === undefined && this.held.size >= ENTRIES_PER_ORIGIN_MAX) return "full";
    const wins = existing === undefined || compareDots(existing.dot, entry.dot) < 0;
    if (wins) this.held.set(entry.key, { entry, heardMs: nowMs });
    const life = this.life(entry.dot.incarnation);
    life.covered.add(entry.dot.seq, entry.dot.seq);
    if (entry.key === BIRTH_KEY) life.birth = decodeBirth(entry.value);
    this.establish(entry.dot.incarnation);
    return wins ? "changed" : "outdated";
  }

  /** Takes a peer's word that nothing between the two dots is missing any more. */
  cover(from: Dot, to: Dot): void {
    if (to.incarnation <= this.floor || to.seq === 0) return;
    const first = from.incarnation === to.incarnation ? from.seq + 1 : 1;
    this.life(to.incarnation).covered.add(first, to.seq);
    this.establish(to.incarnation);
  }

  /** For the store: what `restoreCoverage` takes back. */
  coverage(): string {
    const lives = [...this.lives].map(([incarnation, life]) => [incarnation, life.covered]);
    return JSON.stringify({ current: this.current, floor: this.floor, lives });
  }

  /** Takes back what was stored together with the entries. Trusts its own node's file. */
  restore(coverage: string, held: readonly Held[]): void {
    const parsed = JSON.parse(coverage) as {
      current: number;
      floor: number;
      lives: [number, Interval[]][];
    };
    for (const item of held) this.held.set(item.entry.key, item);
    for (const [incarnation, intervals] of parsed.lives) {
      this.lives.set(incarnation, { birth: undefined, covered: new Intervals(intervals) });
    }
    const born = this.held.get(BIRTH_KEY)?.entry;
    const life = born && this.lives.get(born.dot.incarnation);
    if (born !== undefined && life !== undefined) life.birth = decodeBirth(born.value);
    this.current = parsed.current;
    this.floor = parsed.floor;
  }

  private joinKnown(entry: Entry, nowMs: Millis): Placement {
    const same = this.heldAt(entry.key, entry.dot);
    if (same === undefined) return "known";
    const order = compareBytes(same.body, entry.body);
    if (order === 0) return "known";
    // Any rule will do as long as every node has the same one.
    if (order < 0) this.held.set(entry.key, { entry, heardMs: nowMs });
    return "equivocation";
  }

  private life(incarnation: number): Life {
    let life = this.lives.get(incarnation);
    if (life === undefined) {
      life = { birth: undefined, covered: new Intervals() };
      this.lives.set(incarnation, life);
      if (this.lives.size > LIVES_MAX) {
        const lowest = [...this.lives.keys()].filter((known) => known !== this.current);
        this.lives.delete(Math.min(...lowest));
      }
    }
    return life;
  }

  private establish(incarnation: number): void {
    const life = this.lives.get(incarnation);
    if (life?.birth === undefined || life.covered.prefix() < life.birth.base) return;
    this.current = Math.max(this.current, incarnation);
    // A birth can't bury its own life, whatever it says.
    const buried = Math.min(life.birth.supersedes, incarnation - 1);
    if (buried <= this.floor) return;
    this.floor = buried;
    for (const [key, { entry }] of this.held) {
      if (entry.dot.incarnation <= this.floor) this.held.delete(key);
    }
    for (const known of this.lives.keys()) if (known <= this.floor) this.lives.delete(known);
  }
}
