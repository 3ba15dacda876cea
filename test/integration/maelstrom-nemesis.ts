import { pick, type Random, randomInt, sample } from "../../src/base/random.ts";
import type { Grudge } from "./maelstrom-router.ts";

// The partitions that Jepsen's partition package draws from (jepsen.nemesis.combined).

export const KINDS = ["one", "minority-third", "majority", "majorities-ring"] as const;

export type Kind = (typeof KINDS)[number];

export function drawKind(random: Random): Kind {
  return pick(random, KINDS) ?? "majority";
}

/** Who drops messages from whom under one kind of partition. */
export function grudgeOf(kind: Kind, nodes: readonly string[], random: Random): Grudge {
  const shuffled = sample(random, nodes, nodes.length);
  if (kind === "majorities-ring") return majoritiesRing(shuffled);
  const sizes = {
    one: 1,
    "minority-third": Math.max(1, randomInt(random, Math.ceil(nodes.length / 3))),
    majority: Math.floor(nodes.length / 2),
  };
  const left = shuffled.slice(0, sizes[kind]);
  const right = shuffled.slice(sizes[kind]);
  const grudge = new Map<string, ReadonlySet<string>>();
  for (const node of left) grudge.set(node, new Set(right));
  for (const node of right) grudge.set(node, new Set(left));
  return grudge;
}

/** Each node sees a majority, no two the same: those within a quarter of the ring on each side. */
function majoritiesRing(ring: readonly string[]): Grudge {
  const majority = Math.floor(ring.length / 2) + 1;
  const side = Math.floor(majority / 2);
  const distance = (left: number, right: number) => {
    const apart = Math.abs(left - right);
    return Math.min(apart, ring.length - apart);
  };
  return new Map(
    ring.map((node, at) => [node, new Set(ring.filter((_, other) => distance(at, other) > side))]),
  );
}
