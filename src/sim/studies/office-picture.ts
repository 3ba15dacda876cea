import type { Millis } from "../../base/time.ts";
import type { SimHost } from "../host.ts";

const SIZE = 720;
const RADIUS = 320;
const CHART_HEIGHT = 180;
const MARGIN = 40;

/** How far a mesh agreed, at a moment of virtual time. */
export interface Sample {
  readonly atMs: Millis;
  /** Largest share of hosts with one digest. */
  readonly agreeing: number;
}

/** The overlay as a circle of hosts, and below it how many agreed over time; an SVG document. */
export function drawOffice(hosts: readonly SimHost[], samples: readonly Sample[]): string {
  const height = SIZE + CHART_HEIGHT + 2 * MARGIN;
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"',
    `viewBox="0 0 ${SIZE} ${height}">`,
    `<rect width="${SIZE}" height="${height}" fill="#fff"/>`,
    ...overlay(hosts),
    `<g transform="translate(0 ${SIZE})">`,
    ...chart(samples),
    "</g></svg>\n",
  ].join("\n");
}

function overlay(hosts: readonly SimHost[]): readonly string[] {
  const placeOf = new Map(
    hosts.map(({ id }, at) => {
      const angle = (2 * Math.PI * at) / hosts.length;
      const x = SIZE / 2 + RADIUS * Math.cos(angle);
      const y = SIZE / 2 + RADIUS * Math.sin(angle);
      return [id, { x: x.toFixed(1), y: y.toFixed(1) }] as const;
    }),
  );
  const lines: string[] = [];
  for (const { id, process } of hosts) {
    const from = placeOf.get(id);
    for (const other of process?.overlay.membership.views.active.keys() ?? []) {
      const to = placeOf.get(other);
      if (from === undefined || to === undefined || other < id) continue;
      const isTree = process?.overlay.tree.eager.has(other) === true;
      const stroke = isTree ? 'stroke="#0a6"' : 'stroke="#bbb" stroke-dasharray="2 3"';
      lines.push(`<path d="M${from.x} ${from.y}L${to.x} ${to.y}" ${stroke} fill="none"/>`);
    }
  }
  const dots = [...placeOf.values()].map(
    ({ x, y }) => `<circle cx="${x}" cy="${y}" r="3" fill="#235"/>`,
  );
  const legend = `${hosts.length} Pis: links of the tree in green, the others dashed`;
  return [...lines, ...dots, `<text x="${MARGIN}" y="24" font-size="14">${legend}</text>`];
}

function chart(samples: readonly Sample[]): readonly string[] {
  const lastMs = samples.at(-1)?.atMs ?? 1;
  const width = SIZE - 2 * MARGIN;
  const points = samples.map(({ atMs, agreeing }) => {
    const x = MARGIN + (width * atMs) / lastMs;
    return `${x.toFixed(1)},${(MARGIN + CHART_HEIGHT * (1 - agreeing)).toFixed(1)}`;
  });
  const bottom = MARGIN + CHART_HEIGHT;
  const minutes = Math.round(lastMs / 60_000);
  return [
    `<text x="${MARGIN}" y="${MARGIN - 8}" font-size="14">Pis with the same state, of all</text>`,
    `<path d="M${MARGIN} ${MARGIN}V${bottom}H${MARGIN + width}" stroke="#235" fill="none"/>`,
    `<polyline points="${points.join(" ")}" fill="none" stroke="#06a" stroke-width="1.5"/>`,
    `<g font-size="12" text-anchor="end">`,
    `<text x="${MARGIN + width}" y="${bottom + 18}">${minutes} min</text>`,
    `<text x="${MARGIN - 6}" y="${MARGIN + 4}">all</text></g>`,
  ];
}
