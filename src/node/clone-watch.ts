import type { NodeId } from "../base/id.ts";
import { BIRTH_KEY, type Birth } from "../replica/birth.ts";
import type { Entry } from "../replica/entry.ts";
import type { Replica } from "../replica/replica.ts";

/**
 * Knows which identities two processes use.
 *
 * A process that meets its twin says so in each life it begins from then on, so that every node
 * learns it, also one that comes later. The alarm ends with the next start of the one that stays.
 */
export class CloneWatch {
  private known: ReadonlySet<NodeId> = new Set();

  constructor(private readonly replica: Replica) {}

  /** Looks at an entry of any origin that was joined. Gives true when it first tells of a clone. */
  see(entry: Entry): boolean {
    if (entry.key !== BIRTH_KEY) return false;
    const found = new Set(this.found());
    const isNew = found.has(entry.origin) && !this.known.has(entry.origin);
    this.known = found;
    return isNew;
  }

  /** Origins that two processes write for. */
  found(): readonly NodeId[] {
    return [...this.replica.origins()]
      .map(({ origin }) => origin)
      .filter((origin) => this.replica.birth(origin)?.twin === 1);
  }
}

/** Which of two twins gives way: the one on another machine, else the one with the larger boot. */
export function yieldsTo(
  ours: { readonly boot: string; readonly moved: boolean },
  theirs: Birth,
): boolean {
  const theyMoved = theirs.moved === 1;
  if (ours.moved !== theyMoved) return ours.moved;
  return ours.boot > theirs.boot;
}
