import type { Operation } from "./plan.ts";

/**
 * "unknown": no answer came, so it may have been done, or be done later in the round. "blind":
 * acknowledged by a node that was killed in this round. It had all that it wrote itself, and may
 * not have heard yet what others wrote in the last minute, which it keeps once a minute: what was
 * there before the round may stand beside it. "doubtful": acknowledged, and whatever was there
 * before may stand beside it.
 */
export type Outcome = "acknowledged" | "blind" | "doubtful" | "refused" | "unknown";

/** What a slot may hold; undefined: nothing. */
export type Allowed = ReadonlySet<number | undefined>;

export interface Attempt {
  readonly operation: Operation;
  readonly outcome: Outcome;
  /** The target that the node showed just before, where it was asked and showed one. */
  readonly saw?: number | undefined;
  /** The process that acknowledged it, where it was one and the same from its start on. */
  readonly process?: number | undefined;
}

/**
 * What the mesh has to hold after a round. At a round's start all nodes hold the same, so that
 * every write of the round had seen what was there then. Of a node's own acknowledged writes the
 * last counts; of several nodes' the last of any of them may stand, but for one that another node
 * showed before it wrote; one without an answer may stand too.
 */
export class Ledger {
  private readonly base = new Map<string, number | undefined>();
  private attempts = new Map<string, Attempt[]>();
  private acknowledgedCount = 0;

  get acknowledged(): number {
    return this.acknowledgedCount;
  }

  note(attempt: Attempt): void {
    const { operation, outcome } = attempt;
    if (outcome !== "refused" && outcome !== "unknown") this.acknowledgedCount += 1;
    const key = keyOf(operation);
    this.attempts.set(key, [...(this.attempts.get(key) ?? []), attempt]);
  }

  allowed(key: string): Allowed {
    const attempts = (this.attempts.get(key) ?? []).filter(({ outcome }) => outcome !== "refused");
    const base = this.base.get(key);
    const standing = attempts.filter((one, at) => {
      const isOver = (later: Attempt) => hasReplaced(later, one);
      return !attempts.slice(at + 1).some(isOver) && !attempts.some((other) => hasSeen(other, one));
    });
    const allowed = new Set(standing.map(({ operation }) => meant(operation)));
    const hasSeenBase = ({ outcome, saw }: Attempt) =>
      outcome === "acknowledged" || (outcome === "blind" && saw !== undefined && saw === base);
    if (!attempts.some(hasSeenBase)) allowed.add(base);
    return allowed;
  }

  /** The process that acknowledged the last write to a slot in this round, where it is known. */
  lastProcess(key: string): number | undefined {
    const isSaid = ({ outcome }: Attempt) => outcome !== "refused" && outcome !== "unknown";
    return this.attempts.get(key)?.findLast(isSaid)?.process;
  }

  /** Begins the next round from what all nodes agreed on. */
  settle(held: (key: string) => number | undefined): void {
    for (const key of this.attempts.keys()) this.base.set(key, held(key));
    this.attempts = new Map();
  }

  /** Every slot that was ever written. */
  keys(): readonly string[] {
    return [...new Set([...this.base.keys(), ...this.attempts.keys()])];
  }

  /** What was tried in this round, for a report of what went wrong. */
  story(key: string): string {
    const said = (this.attempts.get(key) ?? []).map(
      ({ operation: { node, does, value, atMs }, outcome }) =>
        `${atMs} ms pi-${node} ${does} ${value}: ${outcome}`,
    );
    return [`${key} was ${this.base.get(key)}`, ...said].join("; ");
  }
}

/** Whether a later write through one node is certainly above an earlier one. */
function hasReplaced(later: Attempt, earlier: Attempt): boolean {
  const isCertain = ({ outcome }: Attempt) => outcome === "acknowledged" || outcome === "blind";
  return later.operation.node === earlier.operation.node && isCertain(later) && isCertain(earlier);
}

/** Whether a write was acknowledged by a node that showed another write's value before. */
function hasSeen({ outcome, saw }: Attempt, other: Attempt): boolean {
  const isCertain = outcome === "acknowledged" || outcome === "blind";
  return isCertain && saw !== undefined && saw === meant(other.operation);
}

export function keyOf({ does, slot }: Operation): string {
  if (does === "reading") return `reading/${slot}`;
  return does === "target" || does === "clear" ? `target/${slot}` : `claim/${slot}`;
}

/** What the operation leaves in its slot; a claim that stands counts as 1. */
function meant({ does, value }: Operation): number | undefined {
  if (does === "clear" || does === "unclaim") return undefined;
  return does === "claim" ? 1 : value;
}
