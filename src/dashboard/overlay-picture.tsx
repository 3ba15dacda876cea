import type { NodeListItem } from "../api/types.ts";

const SIZE = 360;
const RADIUS = 128;

/** The overlay: nodes on a circle, a line for each link of an active view. */
export function OverlayPicture({ nodes, self }: { nodes: readonly NodeListItem[]; self: string }) {
  const places = new Map(nodes.map((node, at) => [node.id, place(at, nodes.length)]));
  const lines = nodes.flatMap((node) =>
    node.links
      .filter((other) => node.id < other || !linksOf(nodes, other).includes(node.id))
      .map((other) => ({ from: places.get(node.id), to: places.get(other), key: node.id + other })),
  );
  const words = `${nodes.length} nodes with ${lines.length} links`;
  return (
    <svg viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={`The overlay: ${words}`}>
      {lines.map(({ from, to, key }) =>
        from && to ? <line key={key} x1={from.x} y1={from.y} x2={to.x} y2={to.y} /> : null,
      )}
      {nodes.map((node) => {
        const at = places.get(node.id) ?? { x: 0, y: 0 };
        const anchor = at.x < SIZE / 2 - 20 ? "end" : at.x > SIZE / 2 + 20 ? "start" : "middle";
        const kind = node.id === self ? "self" : node.state;
        const below = at.y > SIZE / 2 ? 22 : -14;
        return (
          <g key={node.id} class={kind}>
            <circle cx={at.x} cy={at.y} r={node.id === self ? 9 : 7} />
            <text x={at.x} y={at.y + below} text-anchor={nodes.length > 12 ? anchor : "middle"}>
              {nodes.length > 24 ? "" : node.name}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

function linksOf(nodes: readonly NodeListItem[], id: string): readonly string[] {
  return nodes.find((node) => node.id === id)?.links ?? [];
}

function place(at: number, count: number): { x: number; y: number } {
  const angle = (2 * Math.PI * at) / Math.max(1, count) - Math.PI / 2;
  return {
    x: Math.round(SIZE / 2 + RADIUS * Math.cos(angle)),
    y: Math.round(SIZE / 2 + RADIUS * Math.sin(angle)),
  };
}
