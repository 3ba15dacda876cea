import { clustering, components, inDegrees, pathsFrom } from "../graph.ts";
import type { SimOptions, SimPorts } from "../ports.ts";
import {
  broadcasts,
  CYCLE_MS,
  CYCLES_MAX,
  FLOOD,
  mean,
  PAPER_PARAMETERS,
  reliability,
  stableMesh,
} from "./paper-mesh.ts";
import { markdown, percent, type Study } from "./study.ts";

const NODES = 10_000;
const RATES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95] as const;
const SENT = 100;
/** Between two broadcasts after a crash: the paper sends them before any cycle runs. */
const SENT_EVERY_MS = 50;
const PATH_STARTS = 100;
const RECOVERED = 0.999;

/** What a crash of a share of all nodes does. */
interface CrashRow {
  readonly rate: number;
  readonly first: number;
  readonly all: number;
  readonly afterTwoCycles: number;
  /** Cycles until a broadcast reaches RECOVERED of the living again. */
  readonly cycles: number | undefined;
  readonly parts: number;
}

/**
 * The experiments of HyParView (Leitao, Pereira, Rodrigues: DSN 2007, section 5) with the daemon's
 * own code. The published figures beside ours are the ones that others repeat of figures 2 to 5 and
 * table 1.
 */
export const hyparviewStudy: Study = {
  name: "hyparview",
  about: "the paper's experiments: reliability after crashes, recovery, the overlay's graph",
  run: (options, ports) => {
    const nodes = options.nodes ?? NODES;
    const shape = describeShape(options, nodes);
    const rows: CrashRow[] = [];
    for (const rate of RATES) {
      rows.push(crashRow(options.seed, nodes, rate));
      if (options.output === "text") ports.stderr(`${percent(rate)} crashed\n`);
    }
    if (options.output === "json") ports.stdout(`${JSON.stringify({ nodes, shape, rows })}\n`);
    else print(ports, nodes, shape, rows);
    const goal = rows.find(({ rate }) => rate === 0.8);
    return (goal?.afterTwoCycles ?? 0) > 0.99 ? 0 : 1;
  },
};

function crashRow(seed: number, nodes: number, rate: number): CrashRow {
  const mesh = stableMesh(seed, nodes, FLOOD);
  mesh.crash(rate);
  const living = mesh.living().length;
  const startedMs = mesh.scheduler.nowMs;
  const sent = broadcasts(mesh, SENT, SENT_EVERY_MS);
  let cycles: number | undefined;
  let afterTwoCycles = 0;
  for (let cycle = 1; cycle <= CYCLES_MAX; cycle++) {
    mesh.run(Math.max(0, startedMs + cycle * CYCLE_MS - mesh.scheduler.nowMs));
    const share = reliability(broadcasts(mesh, 10, SENT_EVERY_MS), living);
    if (cycle === 2) afterTwoCycles = share;
    if (share >= RECOVERED) cycles ??= cycle;
    if (cycle >= 2 && cycles !== undefined) break;
  }
  const parts = components(mesh.graph()).length;
  const first = (sent[0]?.reached ?? 0) / living;
  return { rate, first, all: reliability(sent, living), afterTwoCycles, cycles, parts };
}

interface Shape {
  readonly degrees: Readonly<Record<string, number>>;
  readonly clustering: number;
  readonly clusteringWithoutRefill: number;
  readonly path: number;
  readonly lastHop: number;
}

function describeShape({ seed }: SimOptions, nodes: number): Shape {
  const mesh = stableMesh(seed, nodes, FLOOD);
  const graph = mesh.graph();
  const sent = broadcasts(mesh, 10, 1_000);
  const paper = stableMesh(seed, nodes, { ...PAPER_PARAMETERS, activeMin: 1 });
  return {
    degrees: Object.fromEntries(inDegrees(graph)),
    clustering: clustering(graph),
    clusteringWithoutRefill: clustering(paper.graph()),
    path: pathsFrom(graph, [...graph.keys()].slice(0, PATH_STARTS)).average,
    lastHop: mean(sent.map(({ lastHop }) => lastHop)),
  };
}

function print({ stdout }: SimPorts, nodes: number, shape: Shape, rows: readonly CrashRow[]): void {
  const degrees = Object.entries(shape.degrees).map(([degree, count]) => `${degree}: ${count}`);
  stdout(`${nodes} nodes, active view 5, passive view 30\n\n`);
  stdout(
    markdown(
      ["the overlay at rest", "ours", "published"],
      [
        ["in-degree: nodes", degrees.join(", "), "nearly all 5"],
        ["clustering coefficient", shape.clustering.toFixed(5), "0.00092"],
        ["  without refilling at once", shape.clusteringWithoutRefill.toFixed(5), ""],
        ["average shortest path, hops", shape.path.toFixed(2), "6.38"],
        ["last delivery, hops (flood)", shape.lastHop.toFixed(1), "9.0"],
      ],
    ),
  );
  const table = rows.map(({ rate, first, all, afterTwoCycles, cycles, parts }) => [
    percent(rate),
    percent(first),
    percent(all),
    percent(afterTwoCycles),
    cycles ?? `over ${CYCLES_MAX}`,
    parts,
  ]);
  const head = [
    "crashed",
    "first broadcast",
    `${SENT} broadcasts in ${(SENT * SENT_EVERY_MS) / 1_000} s`,
    "after two cycles",
    `cycles until ${percent(RECOVERED)}`,
    "components",
  ];
  stdout(`\n${markdown(head, table)}`);
}
