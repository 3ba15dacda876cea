import { BIRTH_KEY, type Birth, decodeBirth } from "./birth.ts";
import { compareDots, type Dot, type Entry } from "./entry.ts";
import { type OriginState, rowName } from "./origin-state.ts";

/** An entry, and the last dot under which its value may first have been said. */
export interface Said {
  readonly entry: Entry;
  readonly dot: Dot;
}

/**
 * The last dot under which an entry's value may first have been said: the first entries of a life
 * only say again what was known when it began. Of two lives that began from one card, what either
 * wrote is so later than all that the other carried over, whichever has the higher number.
 */
export function firstSaid({ dot }: Entry, birth: Birth | undefined): Dot {
  if (birth === undefined || dot.seq > birth.base) return dot;
  const { supersedes } = birth;
  // A life that replaces nothing, the first or the last words of a clone, says what is its own.
  if (supersedes.incarnation === 0) return dot;
  return compareDots(supersedes, dot) < 0 ? supersedes : dot;
}

/** What an origin began a life with, where its birth is known. */
export function birthIn(state: OriginState | undefined, incarnation: number): Birth | undefined {
  return decodeBirth(state?.rows.get(rowName(BIRTH_KEY, incarnation))?.entry.value);
}

/** Of each key what was said last, births left out. */
export function latestSaid(
  entries: Iterable<Entry>,
  birthOf: (incarnation: number) => Birth | undefined,
): ReadonlyMap<string, Said> {
  const latest = new Map<string, Said>();
  for (const entry of entries) {
    if (entry.key === BIRTH_KEY) continue;
    const said = { entry, dot: firstSaid(entry, birthOf(entry.dot.incarnation)) };
    const known = latest.get(entry.key);
    if (known === undefined || compareSaid(said, known) > 0) latest.set(entry.key, said);
  }
  return latest;
}

function compareSaid(left: Said, right: Said): number {
  return compareDots(left.dot, right.dot) || compareDots(left.entry.dot, right.entry.dot);
}
