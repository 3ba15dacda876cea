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
/** Leaves a line of a name its place on both sides, in the letters of a phone. */
const RADIUS_X = 140;
const RADIUS_Y = 120;
const LABEL_GAP = 21;
const NODE_RADIUS = 9;
/** More names than this run into each other; the cards have them. */
const NAMES_MAX = 24;
/** With more nodes than this there is no room for names in two lines. */
const TWO_LINES_MAX = 12;
/** Letters in a line that fit between ring and edge: beside others, on a phone, and above. */
const LINE_LENGTH_MAX = 11;
const ONLY_LINE_LENGTH_MAX = 14;
const TOP_LINE_LENGTH_MAX = 24;
const LINE_EM = 1.15;

/** Who talks to whom: nodes on a ring, a line for each active link. */
export function Overlay({ nodes, mesh }: Props) {
  const { texts } = useWords();
  const places = placesOf([...nodes.values()].map(({ document }) => document));
  const links = linksOf(places, mesh);
  const silent = places.filter(({ node }) => node.state === "silent").length;
  const summary = texts.overlay(places.length, links.length, silent);
  return (
    <figure class={`overlay${places.length > TWO_LINES_MAX ? " many" : ""}`}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary}>
        {links.map((link) => (
          <Link key={`${link.from.node.id} ${link.to.node.id}`} {...link} />
        ))}
        {places.map((place) => (
          <Dot
            key={place.node.id}
            place={place}
            who={place.node.id === mesh.self ? "self" : "other"}
            named={namingOf(places.length)}
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

type Naming = "two lines" | "one line" | "no";

function namingOf(nodes: number): Naming {
  if (nodes > NAMES_MAX) return "no";
  return nodes > TWO_LINES_MAX ? "one line" : "two lines";
}

interface DotProps {
  readonly place: Place;
  readonly who: "self" | "other";
  readonly named: Naming;
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
      {named !== "no" && (
        <Name
          lines={anchor === "middle" ? [cut(node.name, TOP_LINE_LENGTH_MAX)] : linesOf(node, named)}
          x={x + out * side}
          y={y - out * Math.cos(angle)}
          anchor={anchor}
        />
      )}
    </g>
  );
}

interface NameProps {
  readonly lines: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
}

function Name({ lines, x, y, anchor }: NameProps) {
  const up = ((lines.length - 1) * LINE_EM) / 2;
  return (
    <text y={y} text-anchor={anchor} dominant-baseline="middle">
      {lines.map((line, at) => (
        <tspan key={line} x={x} dy={`${at === 0 ? -up : LINE_EM}em`}>
          {line}
        </tspan>
      ))}
    </text>
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

/** A long name is parted at the hyphen that leaves the shorter longest line. */
function linesOf({ name }: NodeDocument, naming: Naming): readonly string[] {
  if (naming === "one line") return [cut(name, ONLY_LINE_LENGTH_MAX)];
  if (name.length <= LINE_LENGTH_MAX) return [name];
  const [best = [name]] = [...name.matchAll(/[-_. ]/g)]
    .map(({ index }) => [name.slice(0, index + 1), name.slice(index + 1)])
    .sort((left, right) => longest(left) - longest(right));
  return best.map((line) => cut(line, LINE_LENGTH_MAX));
}

function longest(lines: readonly string[]): number {
  return Math.max(...lines.map(({ length }) => length));
}

function cut(line: string, lengthMax: number): string {
  return line.length <= lengthMax ? line : `${line.slice(0, lengthMax - 1)}…`;
}
