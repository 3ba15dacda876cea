import type { NodeId } from "../base/id.ts";
import { BIRTH_KEY, type Birth, decodeBirth } from "../replica/birth.ts";
import type { Entry } from "../replica/entry.ts";

/** Births of one origin that are kept. Two answers to each other prove a clone. */
const BIRTHS_MAX = 8;

interface Seen {
  readonly incarnation: number;
  readonly boot: string;
  readonly answers: number;
}

/**
 * Notices that two processes use one identity.
 *
 * A life that answers another one's comes from a process that came later, or from a twin. Two
 * processes that each answer the other can't both have come later: both are alive. The order in
 * which births arrive says nothing, since old ones may come late.
 */
export class CloneWatch {
  private readonly births = new Map<NodeId, readonly Seen[]>();
  private readonly clones = new Set<NodeId>();

  /** Looks at an entry of any origin. Gives true when it first proves a clone. */
  see(entry: Entry): boolean {
    if (entry.key !== BIRTH_KEY) return false;
    const birth = decodeBirth(entry.value);
    if (birth === undefined) return false;
    const { boot, answers } = birth;
    const { incarnation } = entry.dot;
    const births = [...(this.births.get(entry.origin) ?? []), { incarnation, boot, answers }];
    this.births.set(entry.origin, births.slice(-BIRTHS_MAX));
    if (this.clones.has(entry.origin) || !answerEachOther(births)) return false;
    this.clones.add(entry.origin);
    return true;
  }

  /** Origins that two processes write for. */
  found(): readonly NodeId[] {
    return [...this.clones];
  }
}

function answerEachOther(births: readonly Seen[]): boolean {
  const bootOf = new Map(births.map(({ incarnation, boot }) => [incarnation, boot]));
  const answered = new Set(births.map(({ boot, answers }) => `${boot} ${bootOf.get(answers)}`));
  return births.some(({ boot, answers }) => {
    const other = bootOf.get(answers);
    return other !== undefined && other !== boot && answered.has(`${other} ${boot}`);
  });
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
