import type { NodeId } from "../base/id.ts";

/** Neighbours by node. */
export type Graph = ReadonlyMap<NodeId, readonly NodeId[]>;

/** Pairs of which only one side has the other in its view. */
export function oneSided(graph: Graph): readonly string[] {
  const found: string[] = [];
  for (const [node, neighbours] of graph) {
    for (const other of neighbours) {
      if (graph.get(other)?.includes(node) !== true) found.push(`${node} -> ${other}`);
    }
  }
  return found;
}

/** The connected components, largest first; a one-sided view counts as an edge. */
export function components(graph: Graph): readonly (readonly NodeId[])[] {
  const both = new Map<NodeId, NodeId[]>([...graph.keys()].map((node) => [node, []]));
  for (const [node, neighbours] of graph) {
    for (const other of neighbours) {
      const back = both.get(other);
      if (back === undefined) continue;
      back.push(node);
      both.get(node)?.push(other);
    }
  }
  const seen = new Set<NodeId>();
  const found: NodeId[][] = [];
  for (const start of both.keys()) {
    if (seen.has(start)) continue;
    const component = [start];
    seen.add(start);
    for (let at = 0; at < component.length; at++) {
      for (const next of both.get(component[at] as NodeId) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        component.push(next);
      }
    }
    found.push(component);
  }
  return found.sort((left, right) => right.length - left.length);
}

/** Local clustering of a node's neighbours, averaged over all nodes (Watts and Strogatz 1998). */
export function clustering(graph: Graph): number {
  let sum = 0;
  for (const neighbours of graph.values()) {
    const size = neighbours.length;
    if (size < 2) continue;
    let edges = 0;
    for (const one of neighbours) {
      for (const other of graph.get(one) ?? []) if (neighbours.includes(other)) edges += 1;
    }
    sum += edges / (size * (size - 1));
  }
  return graph.size === 0 ? 0 : sum / graph.size;
}

/** Average and longest shortest path from these nodes to all that they reach. */
export function pathsFrom(
  graph: Graph,
  starts: readonly NodeId[],
): { readonly average: number; readonly longest: number } {
  let sum = 0;
  let count = 0;
  let longest = 0;
  for (const start of starts) {
    const distance = new Map<NodeId, number>([[start, 0]]);
    const queue = [start];
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at] as NodeId;
      const hops = (distance.get(node) ?? 0) + 1;
      for (const next of graph.get(node) ?? []) {
        if (distance.has(next)) continue;
        distance.set(next, hops);
        queue.push(next);
        sum += hops;
        longest = hops;
      }
    }
    count += queue.length - 1;
  }
  return { average: count === 0 ? 0 : sum / count, longest };
}

/** How many nodes are in so many views, by that number. */
export function inDegrees(graph: Graph): ReadonlyMap<number, number> {
  const degrees = new Map<NodeId, number>([...graph.keys()].map((node) => [node, 0]));
  for (const neighbours of graph.values()) {
    for (const other of neighbours) degrees.set(other, (degrees.get(other) ?? 0) + 1);
  }
  const counts = new Map<number, number>();
  for (const degree of degrees.values()) counts.set(degree, (counts.get(degree) ?? 0) + 1);
  return new Map([...counts].sort(([left], [right]) => left - right));
}
