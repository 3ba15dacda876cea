import { compareBytes, utf8 } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";

/** Nodes beside its origin that keep what one origin measured, longer than readings last. */
export const COPIES = 3;

/**
 * Who keeps the roll-ups of an origin: those with the highest hashes (rendezvous hashing; Thaler
 * and Ravishankar 1998). All who know the same nodes choose the same, and when one goes, only what
 * it kept moves.
 */
export function holdersOf(
  origin: NodeId,
  nodes: readonly NodeId[],
  hash: (bytes: Uint8Array) => Uint8Array,
): readonly NodeId[] {
  return nodes
    .filter((node) => node !== origin)
    .map((node) => ({ node, weight: hash(utf8(`${node} ${origin}`)) }))
    .sort((left, right) => compareBytes(right.weight, left.weight))
    .slice(0, COPIES)
    .map(({ node }) => node);
}
