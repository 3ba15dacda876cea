import { components, inDegrees, oneSided } from "../graph.ts";
import { broadcasts, CYCLE_MS, PAPER_PARAMETERS, reliability, stableMesh } from "./paper-mesh.ts";
import { percent, type Study } from "./study.ts";

const NODES = 10_000;
const CRASHED = 0.8;
const SENT = 100;
const SENT_EVERY_MS = 100;
const REACHED_MIN = 0.99;

/** The largest promise in one run: ten thousand nodes, four fifths of them crash at once. */
export const scaleStudy: Study = {
  name: "scale",
  about: "10,000 nodes join, 80 % crash at once, 100 broadcasts; over 99 % are reached",
  run: (options, ports) => {
    const nodes = options.nodes ?? NODES;
    const startedMs = ports.monotonicMs();
    const mesh = stableMesh(options.seed, nodes, PAPER_PARAMETERS);
    const before = mesh.graph();
    mesh.crash(CRASHED);
    const living = mesh.living().length;
    mesh.run(2 * CYCLE_MS);
    const reached = reliability(broadcasts(mesh, SENT, SENT_EVERY_MS), living);
    const after = mesh.graph();
    const figures = {
      nodes,
      "components before": components(before).length,
      "one-sided views before": oneSided(before).length,
      "in-degrees before": Object.fromEntries(inDegrees(before)),
      "components after": components(after).length,
      "reached of the living, two cycles after the crash": percent(reached),
      "virtual seconds": Math.round(mesh.scheduler.nowMs / 1_000),
      events: mesh.scheduler.ran,
      "seconds here": Math.round((ports.monotonicMs() - startedMs) / 100) / 10,
      "memory here, MB": ports.memoryMb(),
    };
    if (options.output === "json") ports.stdout(`${JSON.stringify(figures)}\n`);
    else {
      for (const [what, value] of Object.entries(figures)) {
        ports.stdout(`${what}: ${typeof value === "object" ? JSON.stringify(value) : value}\n`);
      }
    }
    return reached > REACHED_MIN && components(before).length === 1 ? 0 : 1;
  },
};
