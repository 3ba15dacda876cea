/** Sequence numbers from `first` to `last`, both within. */
export interface Interval {
  readonly first: number;
  readonly last: number;
}

/** More holes than this are forgotten from the top; anti-entropy fetches them again. A guess. */
export const INTERVALS_MAX = 64;

/**
 * Which sequence numbers of one life are known, holes and all.
 *
 * Broadcasts may come out of order, so a plain counter would either claim what is missing or
 * forget what is there.
 */
export class Intervals {
  private list: Interval[];

  constructor(intervals: readonly Interval[] = []) {
    this.list = [...intervals];
  }

  has(seq: number): boolean {
    for (const { first, last } of this.list) {
      if (seq <= last) return seq >= first;
    }
    return false;
  }

  /** Adds `first` to `last`; an empty range adds nothing. */
  add(first: number, last: number): void {
    if (last < first || this.extend(first, last)) return;
    let low = first;
    let high = last;
    const apart: Interval[] = [];
    for (const interval of this.list) {
      if (interval.last + 1 < low || high + 1 < interval.first) apart.push(interval);
      else {
        low = Math.min(low, interval.first);
        high = Math.max(high, interval.last);
      }
    }
    apart.push({ first: low, last: high });
    this.list = apart.sort((left, right) => left.first - right.first).slice(0, INTERVALS_MAX);
  }

  /** Adds to the end of the last interval, where almost every number belongs. */
  private extend(first: number, last: number): boolean {
    const at = this.list.length - 1;
    const highest = this.list[at];
    if (highest === undefined || highest.last + 1 !== first) return false;
    this.list[at] = { first: highest.first, last };
    return true;
  }

  /** The highest number up to which nothing is missing; 0 when 1 is. */
  prefix(): number {
    const lowest = this.list[0];
    return lowest?.first === 1 ? lowest.last : 0;
  }

  /** The highest number that is known; 0 for none. */
  highest(): number {
    return this.list.at(-1)?.last ?? 0;
  }

  toJSON(): readonly Interval[] {
    return this.list;
  }
}
