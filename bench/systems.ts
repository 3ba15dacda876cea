import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, "../../..");
export const RIVALS = join(ROOT, "bench/rivals");

/** Each member has this many links where a system leaves the graph to its user; our active view. */
const DEGREE = 5;

export interface System {
  readonly name: string;
  readonly title: string;
  readonly program: string;
  /** "newer": the Node that comes with the rivals, for libraries that have left Node 20. */
  readonly runtime: "same" | "newer";
  /** What all members need to be there before them. */
  readonly hub?: {
    readonly command: readonly [string, ...string[]];
    /** In its output, once it listens; otherwise its port is tried. */
    readonly url: (address: string, port: number) => string;
  };
  dials(index: number, count: number): readonly number[];
}

/** A ring with chords: everybody has the same number of links, and nobody is far from anybody. */
function regular(index: number, count: number): readonly number[] {
  // Each edge is dialled from one side; with an odd degree the opposite one comes for half of them.
  const strides = [1, Math.max(2, Math.round(Math.sqrt(count)))];
  const ahead = strides.map((stride) => (index + stride) % count);
  const opposite = index < count / 2 ? [(index + Math.floor(count / 2)) % count] : [];
  return [...new Set([...ahead, ...opposite])].filter((other) => other !== index);
}

/** Four children each: with the way up that makes five links. */
function tree(index: number): readonly number[] {
  return index === 0 ? [] : [Math.floor((index - 1) / (DEGREE - 1))];
}

const nobody = (): readonly number[] => [];
const rival = (file: string) => join(RIVALS, file);
const peer = (file: string) => join(HERE, "peers", file);

export const SYSTEMS: readonly System[] = [
  {
    name: "ours",
    title: "Watercooler",
    program: join(ROOT, "dist/bench/app/ours.js"),
    runtime: "same",
    dials: nobody,
  },
  {
    name: "tree",
    title: "bare `ws`, static tree",
    program: peer("flood.js"),
    runtime: "same",
    dials: tree,
  },
  {
    name: "flood",
    title: "bare `ws` flood, 5-regular",
    program: peer("flood.js"),
    runtime: "same",
    dials: regular,
  },
  {
    name: "gossipsub",
    title: "js-libp2p gossipsub, mDNS",
    program: rival("gossipsub.mjs"),
    runtime: "newer",
    dials: nobody,
  },
  {
    name: "mosquitto",
    title: "mosquitto, retained",
    program: peer("mosquitto.js"),
    runtime: "same",
    hub: {
      command: ["mosquitto", "-c", "CONFIG"],
      url: (address, port) => `mqtt://${address}:${port}`,
    },
    dials: nobody,
  },
  {
    name: "hyperswarm",
    title: "Hyperswarm, full mesh",
    program: rival("hyperswarm.mjs"),
    runtime: "newer",
    hub: {
      command: ["NODE", rival("hyperswarm-hub.mjs"), "ADDRESS", "PORT"],
      url: (address, port) => `${address}:${port}`,
    },
    dials: nobody,
  },
  {
    name: "yjs",
    title: "Yjs, y-websocket",
    program: rival("yjs.mjs"),
    runtime: "newer",
    hub: {
      command: ["NODE", rival("node_modules/y-websocket/bin/server.cjs")],
      url: (address, port) => `ws://${address}:${port}`,
    },
    dials: nobody,
  },
];
