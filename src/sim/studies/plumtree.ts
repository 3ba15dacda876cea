import type { OverlayParameters } from "../../overlay/parameters.ts";
import type { Broadcast, ScaleMesh } from "../scale/scale-mesh.ts";
import { CYCLE_MS, mean, PAPER_PARAMETERS, reliability, stableMesh } from "./paper-mesh.ts";
import { markdown, percent, type Study } from "./study.ts";

const NODES = 10_000;
const SENT = 50;
const SENT_EVERY_MS = 1_000;
const RATES = [0, 0.2, 0.4, 0.6, 0.8] as const;

/** The paper prunes at the first duplicate, at once. */
const PAPER: OverlayParameters = { ...PAPER_PARAMETERS, pruneAfter: 1, pruneMs: 0 };

interface TreeRow {
  readonly who: string;
  readonly rate: number;
  /** Relative message redundancy: m / (n - 1) - 1, 0 is a perfect tree. */
  readonly redundancy: number;
  readonly announcements: number;
  readonly lastHop: number;
  readonly reached: number;
}

/**
 * The experiments of Plumtree (Leitao, Pereira, Rodrigues: SRDS 2007, section 5): relative message
 * redundancy and last delivery hop of one sender, at rest and after crashes, with the paper's
 * pruning and with ours.
 */
export const plumtreeStudy: Study = {
  name: "plumtree",
  about: "the paper's experiments: redundancy and last hop of the tree, before and after crashes",
  run: (options, ports) => {
    const nodes = options.nodes ?? NODES;
    const rows: TreeRow[] = [];
    for (const [who, parameters] of [
      ["ours", PAPER_PARAMETERS],
      ["the paper's pruning", PAPER],
    ] as const) {
      for (const rate of RATES) {
        rows.push(treeRow(who, options.seed, nodes, rate, parameters));
        if (options.output === "text") ports.stderr(`${who}, ${percent(rate)} crashed\n`);
      }
    }
    if (options.output === "json") ports.stdout(`${JSON.stringify({ nodes, rows })}\n`);
    else ports.stdout(tableOf(nodes, rows));
    return rows.every(({ reached }) => reached > 0.99) ? 0 : 1;
  },
};

function treeRow(
  who: string,
  seed: number,
  nodes: number,
  rate: number,
  parameters: OverlayParameters,
): TreeRow {
  const mesh = stableMesh(seed, nodes, parameters);
  fromOne(mesh, SENT);
  if (rate > 0) {
    mesh.crash(rate);
    mesh.run(2 * CYCLE_MS);
    fromOne(mesh, SENT);
  }
  const living = mesh.living().length;
  const sent = fromOne(mesh, SENT);
  const payloads = mean(sent.map((one) => one.payloads));
  const reached = mean(sent.map((one) => one.reached));
  return {
    who,
    rate,
    redundancy: payloads / (reached - 1) - 1,
    announcements: mean(sent.map((one) => one.announcements)) / (reached - 1),
    lastHop: mean(sent.map(({ lastHop }) => lastHop)),
    reached: reliability(sent, living),
  };
}

/** Broadcasts of one node, as the paper's main experiment has them. */
function fromOne(mesh: ScaleMesh, count: number): readonly Broadcast[] {
  const first = mesh.broadcasts.length;
  const [sender] = mesh.living();
  for (let at = 0; at < count; at++) {
    mesh.broadcast(sender);
    mesh.run(SENT_EVERY_MS);
  }
  return mesh.broadcasts.slice(first);
}

function tableOf(nodes: number, rows: readonly TreeRow[]): string {
  const head = [
    "pruning",
    "crashed",
    "redundancy (RMR)",
    "IHAVEs a node",
    "last hop (LDH)",
    "reached",
  ];
  const table = rows.map(({ who, rate, redundancy, announcements, lastHop, reached }) => [
    who,
    percent(rate),
    redundancy.toFixed(4),
    announcements.toFixed(2),
    lastHop.toFixed(1),
    percent(reached),
  ]);
  const title = `${nodes} nodes, one sender, after ${SENT} broadcasts\n\n`;
  const published = "\nPublished, one sender: RMR near 0 at rest and after recovery.\n";
  return title + markdown(head, table) + published;
}
