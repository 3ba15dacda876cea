import type { Operation } from "./plan.ts";

/**
 * "unknown": no answer came, so it may have been done, or be done later in the round. "blind":
 * acknowledged by a node that was started anew in this round. It may not have heard yet what others
 * wrote in the last minute, which it keeps once a minute: what was there before may stand beside it.
 */
export type Outcome = "acknowledged" | "blind" | "refused" | "unknown";

/** What a slot may hold; undefined: nothing. */
export type Allowed = ReadonlySet<number | undefined>;

interface Attempt {
  readonly operation: Operation;
  readonly outcome: Outcome;
}

/**
 * What the mesh has to hold after a round. At a round's start all nodes hold the same, so that
 * every write of the round had seen what was there then. Of a node's own acknowledged writes the
 * last counts; of several nodes' the last of any of them may stand; one without an answer may
 * stand too.
 */
export class Ledger {
  private readonly base = new Map<string, number | undefined>();
  private attempts = new Map<string, Attempt[]>();
  private acknowledgedCount = 0;

  get acknowledged(): number {
    return this.acknowledgedCount;
  }

  note(operation: Operation, outcome: Outcome): void {
    if (outcome === "acknowledged" || outcome === "blind") this.acknowledgedCount += 1;
    const key = keyOf(operation);
    this.attempts.set(key, [...(this.attempts.get(key) ?? []), { operation, outcome }]);
  }

  allowed(key: string): Allowed {
    const attempts = this.attempts.get(key) ?? [];
    const lastByNode = new Map<number, number | undefined>();
    const allowed = new Set<number | undefined>();
    for (const { operation, outcome } of attempts) {
      if (outcome === "unknown" || outcome === "blind") allowed.add(meant(operation));
      if (outcome === "acknowledged") lastByNode.set(operation.node, meant(operation));
    }
    for (const value of lastByNode.values()) allowed.add(value);
    if (lastByNode.size === 0) allowed.add(this.base.get(key));
    return allowed;
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

export function keyOf({ does, slot }: Operation): string {
  if (does === "reading") return `reading/${slot}`;
  return does === "target" || does === "clear" ? `target/${slot}` : `claim/${slot}`;
}

/** What the operation leaves in its slot; a claim that stands counts as 1. */
function meant({ does, value }: Operation): number | undefined {
  if (does === "clear" || does === "unclaim") return undefined;
  return does === "claim" ? 1 : value;
}
