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
