import type { NodeDocument } from "../api/types.ts";
import type { Dated } from "./office.ts";

interface Props {
  readonly nodes: ReadonlyMap<string, Dated<NodeDocument>>;
  readonly self: string;
}

interface Place {
  readonly node: NodeDocument;
  readonly x: number;
  readonly y: number;
  readonly angle: number;
}

/** The drawing's own units. */
const WIDTH = 480;
const HEIGHT = 320;
const RADIUS = 100;
const LABEL_GAP = 14;
const NODE_RADIUS = 7;
/** More names than this run into each other; the table has them. */
const NAMES_MAX = 24;
const NAME_LENGTH_MAX = 15;

/** Who talks to whom: nodes on a circle, a line for each active link. */
export function Overlay({ nodes, self }: Props) {
  const places = placesOf([...nodes.values()].map(({ document }) => document));
  const links = linksOf(places);
  const silent = places.filter(({ node }) => node.state === "silent").length;
  const summary =
    `${places.length} nodes, ${links.length} links between them` +
    (silent > 0 ? `, ${silent} silent` : "");
  return (
    <section aria-labelledby="overlay-title">
      <h2 id="overlay-title">Who talks to whom</h2>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary}>
        {links.map(([from, to]) => (
          <line
            key={`${from.node.id} ${to.node.id}`}
            class={from.node.id === self || to.node.id === self ? "own" : undefined}
            x1={from.x}
            y1={from.y}
            x2={to.x}
            y2={to.y}
          />
        ))}
        {places.map((place) => (
          <Dot
            key={place.node.id}
            place={place}
            who={place.node.id === self ? "self" : "other"}
            named={places.length <= NAMES_MAX}
          />
        ))}
      </svg>
      <p class="caption">{summary}. This node has a ring; a silent one a cross.</p>
    </section>
  );
}

interface DotProps {
  readonly place: Place;
  readonly who: "self" | "other";
  readonly named: boolean;
}

function Dot({ place, who, named }: DotProps) {
  const { node, x, y, angle } = place;
  const side = Math.sin(angle);
  const anchor = Math.abs(side) < 0.2 ? "middle" : side > 0 ? "start" : "end";
  const out = LABEL_GAP + (anchor === "middle" ? 6 : 0);
  return (
    <g class={`${node.state} ${who}`}>
      <title>{`${node.name}, ${node.state}`}</title>
      {who === "self" && <circle class="ring" cx={x} cy={y} r={NODE_RADIUS + 4} />}
      <circle cx={x} cy={y} r={NODE_RADIUS} />
      {node.state !== "alive" && <path d={`M${x - 3.5} ${y - 3.5}l7 7m0-7l-7 7`} />}
      {named && (
        <text
          x={x + out * side}
          y={y - out * Math.cos(angle)}
          text-anchor={anchor}
          dominant-baseline="middle"
        >
          {shortened(node.name)}
        </text>
      )}
    </g>
  );
}

function placesOf(nodes: readonly NodeDocument[]): readonly Place[] {
  return [...nodes]
    .filter(({ state }) => state !== "retired")
    .sort((left, right) => left.name.localeCompare(right.name) || (left.id < right.id ? -1 : 1))
    .map((node, at, all) => {
      const angle = (2 * Math.PI * at) / all.length;
      const reach = all.length === 1 ? 0 : RADIUS;
      const x = WIDTH / 2 + reach * Math.sin(angle);
      return { node, x, y: HEIGHT / 2 - reach * Math.cos(angle), angle };
    });
}

/** Each pair once, whichever end told of it. */
function linksOf(places: readonly Place[]): readonly (readonly [Place, Place])[] {
  const byId = new Map(places.map((place) => [place.node.id, place]));
  const pairs = new Map<string, readonly [Place, Place]>();
  for (const from of places) {
    for (const id of from.node.links) {
      const to = byId.get(id);
      if (to === undefined || to === from) continue;
      pairs.set([from.node.id, id].sort().join(" "), [from, to]);
    }
  }
  return [...pairs.values()];
}

function shortened(name: string): string {
  return name.length <= NAME_LENGTH_MAX ? name : `${name.slice(0, NAME_LENGTH_MAX - 1)}…`;
}
