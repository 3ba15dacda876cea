import type { MeshDocument, NodeDocument } from "../api/types.ts";
import type { Dated } from "./office.ts";
import { useWords } from "./words.ts";

interface Props {
  readonly nodes: ReadonlyMap<string, Dated<NodeDocument>>;
  readonly mesh: MeshDocument;
}

interface Place {
  readonly node: NodeDocument;
  readonly x: number;
  readonly y: number;
  readonly angle: number;
}

/** The drawing's own units. */
const WIDTH = 560;
const HEIGHT = 340;
const RADIUS_X = 170;
const RADIUS_Y = 120;
const LABEL_GAP = 21;
const NODE_RADIUS = 9;
/** More names than this run into each other; the cards have them. */
const NAMES_MAX = 24;
const NAME_LENGTH_MAX = 15;

/** Who talks to whom: nodes on a ring, a line for each active link. */
export function Overlay({ nodes, mesh }: Props) {
  const { texts } = useWords();
  const places = placesOf([...nodes.values()].map(({ document }) => document));
  const links = linksOf(places, mesh);
  const silent = places.filter(({ node }) => node.state === "silent").length;
  const summary = texts.overlay(places.length, links.length, silent);
  return (
    <figure class="overlay">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary}>
        {links.map((link) => (
          <Link key={`${link.from.node.id} ${link.to.node.id}`} {...link} />
        ))}
        {places.map((place) => (
          <Dot
            key={place.node.id}
            place={place}
            who={place.node.id === mesh.self ? "self" : "other"}
            named={places.length <= NAMES_MAX}
          />
        ))}
      </svg>
      <figcaption>
        {summary}. <span class="key eager" /> {texts.paths.eager} <span class="key lazy" />{" "}
        {texts.paths.lazy} <span class="key" /> {texts.paths.relayed}
      </figcaption>
    </figure>
  );
}

interface LinkLine {
  readonly from: Place;
  readonly to: Place;
  readonly kind: "eager" | "lazy" | "far";
  readonly rttMs: number | null;
}

function Link({ from, to, kind, rttMs }: LinkLine) {
  const { format } = useWords();
  return (
    <g class={`link ${kind}`}>
      <line x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
      {rttMs !== null && (
        <text x={(from.x + to.x) / 2} y={(from.y + to.y) / 2 - 4} text-anchor="middle">
          {format.number(rttMs, 1)} ms
        </text>
      )}
    </g>
  );
}

interface DotProps {
  readonly place: Place;
  readonly who: "self" | "other";
  readonly named: boolean;
}

function Dot({ place, who, named }: DotProps) {
  const { texts } = useWords();
  const { node, x, y, angle } = place;
  const side = Math.sin(angle);
  const anchor = Math.abs(side) < 0.2 ? "middle" : side > 0 ? "start" : "end";
  const out = LABEL_GAP + (anchor === "middle" ? 8 : 0);
  return (
    <g class={`dot ${node.state} ${who}`}>
      <title>{`${node.name}, ${texts.states[node.state]}`}</title>
      {who === "self" && <circle class="ring" cx={x} cy={y} r={NODE_RADIUS + 5} />}
      <circle cx={x} cy={y} r={NODE_RADIUS} />
      {node.state !== "alive" && <path d={`M${x - 4} ${y - 4}l8 8m0-8l-8 8`} />}
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
      const reach = all.length === 1 ? 0 : 1;
      const x = WIDTH / 2 + reach * RADIUS_X * Math.sin(angle);
      return { node, x, y: HEIGHT / 2 - reach * RADIUS_Y * Math.cos(angle), angle };
    });
}

/**
 * Each pair once. Of its own links this node knows all and at once; others are linked where both
 * say so, since one that was cut off still says what once was.
 */
function linksOf(places: readonly Place[], mesh: MeshDocument): readonly LinkLine[] {
  const byId = new Map(places.map((place) => [place.node.id, place]));
  const pairs = new Map<string, LinkLine>();
  for (const from of places) {
    const isSelf = from.node.id === mesh.self;
    for (const id of isSelf ? mesh.active : from.node.links) {
      const to = byId.get(id);
      if (to === undefined || to === from || (!isSelf && id === mesh.self)) continue;
      if (!isSelf && !to.node.links.includes(from.node.id)) continue;
      const key = [from.node.id, id].sort().join(" ");
      if (pairs.has(key)) continue;
      const own = mesh.broadcast.eager.includes(id) ? "eager" : "lazy";
      const rttMs = mesh.links.find((link) => link.id === id)?.rtt_ms ?? null;
      pairs.set(key, { from, to, kind: isSelf ? own : "far", rttMs: isSelf ? rttMs : null });
    }
  }
  return [...pairs.values()];
}

function shortened(name: string): string {
  return name.length <= NAME_LENGTH_MAX ? name : `${name.slice(0, NAME_LENGTH_MAX - 1)}…`;
}
