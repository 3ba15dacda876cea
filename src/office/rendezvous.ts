import { toHex, utf8 } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";

/** SHA-256, handed in. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

/**
 * Nodes in the order in which a task falls to them: by their hash with it, the highest first
 * (rendezvous hashing; Thaler and Ravishankar 1998). All who know the same nodes get the same
 * order; when one dies, only its tasks go to another.
 */
export function rendezvous(task: string, nodes: readonly NodeId[], hash: Hash): readonly NodeId[] {
  return nodes
    .map((node) => ({ node, weight: toHex(hash(utf8(`${node} ${task}`))) }))
    .sort((left, right) => (left.weight > right.weight ? -1 : 1))
    .map(({ node }) => node);
}
