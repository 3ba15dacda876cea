import type { NodeId } from "../base/id.ts";
import type { Entry } from "./entry.ts";

/** How a node takes another's place for good, as whoever makes the replica knows it. */
export interface Succession {
  /** Who takes whose place by an entry; its value alone decides, whoever carries it. */
  of(entry: Pick<Entry, "key" | "value">): Successor | undefined;
  /** Whether what an origin said under a key stays once another has its place. */
  keeps(key: string): boolean;
}

export interface Successor {
  readonly node: NodeId;
  readonly successor: NodeId;
}

/**
 * Who took whose place: a set for each node that only grows, so that all who heard the same agree.
 * Where two were given one place on the two sides of a cut, the first by identity has it.
 */
export class Successions {
  private readonly heirs = new Map<NodeId, Set<NodeId>>();

  /** Whether a node's place was given to anybody. */
  has(node: NodeId): boolean {
    return this.heirs.has(node);
  }

  /** Gives whether that was new. */
  add({ node, successor }: Successor): boolean {
    const known = this.heirs.get(node);
    if (known?.has(successor)) return false;
    this.heirs.set(node, new Set(known).add(successor));
    return true;
  }

  /** All who were given a node's place; the first has it. */
  of(node: NodeId): readonly NodeId[] {
    return [...(this.heirs.get(node) ?? [])].sort();
  }

  /** The nodes whose place was given to somebody. */
  nodes(): readonly NodeId[] {
    return [...this.heirs.keys()];
  }
}
