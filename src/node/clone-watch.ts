import type { NodeId } from "../base/id.ts";
import { BIRTH_KEY, type Birth, decodeBirth } from "../replica/birth.ts";
import type { Entry } from "../replica/entry.ts";

/** Starts of one origin that are kept. A clone shows within three. */
const BOOTS_MAX = 8;

/**
 * Notices that two processes use one identity.
 *
 * A process that starts replaces its former self for good. One whose boot comes back after another
 * one's can't have been replaced: both are alive.
 */
export class CloneWatch {
  private readonly boots = new Map<NodeId, string[]>();
  private readonly clones = new Set<NodeId>();

  /** Looks at an entry of any origin. Gives true when it first proves a clone. */
  see(entry: Entry): boolean {
    if (entry.key !== BIRTH_KEY) return false;
    const birth = decodeBirth(entry.value);
    if (birth === undefined) return false;
    const boots = this.boots.get(entry.origin) ?? [];
    if (boots.at(-1) === birth.boot) return false;
    const cameBack = boots.includes(birth.boot);
    this.boots.set(entry.origin, [...boots, birth.boot].slice(-BOOTS_MAX));
    if (!cameBack || this.clones.has(entry.origin)) return false;
    this.clones.add(entry.origin);
    return true;
  }

  /** Origins that two processes write for. */
  found(): readonly NodeId[] {
    return [...this.clones];
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
