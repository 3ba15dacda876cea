import { MINUTE_MS, SECOND_MS } from "../../base/time.ts";
import { DEFAULT_PARAMETERS, type OverlayParameters } from "../../overlay/parameters.ts";
import { type Broadcast, ScaleMesh } from "../scale/scale-mesh.ts";

/** A membership cycle of the paper: one shuffle of each node. */
export const CYCLE_MS = 10 * SECOND_MS;
/** Joins come one after the other; each is over before the next. */
export const JOIN_EVERY_MS = 10;
/** The paper waits 50 cycles; ten change nothing any more here. */
const STABLE_CYCLES = 10;

/**
 * The daemon's parameters with fewer keep-alives, which the paper does not have, and with no
 * memory beyond the passive view.
 */
export const PAPER_PARAMETERS: OverlayParameters = {
  ...DEFAULT_PARAMETERS,
  shuffleMs: CYCLE_MS,
  pingMs: CYCLE_MS,
  silentMs: 3 * CYCLE_MS,
  careMs: 2 * SECOND_MS,
  rememberedMax: 64,
};

/** Every active neighbour is sent every payload, as HyParView's own experiments do. */
export const FLOOD: OverlayParameters = {
  ...PAPER_PARAMETERS,
  pruneAfter: Number.POSITIVE_INFINITY,
};

/** A mesh that has grown and come to rest. */
export function stableMesh(seed: number, nodes: number, parameters: OverlayParameters): ScaleMesh {
  const mesh = new ScaleMesh(seed, parameters, nodes);
  mesh.grow(JOIN_EVERY_MS);
  mesh.run(STABLE_CYCLES * CYCLE_MS);
  return mesh;
}

/** Sends so many broadcasts, one each `everyMs`, and waits for the last. */
export function broadcasts(mesh: ScaleMesh, count: number, everyMs: number): readonly Broadcast[] {
  const first = mesh.broadcasts.length;
  for (let at = 0; at < count; at++) {
    mesh.broadcast();
    mesh.run(everyMs);
  }
  mesh.run(everyMs);
  return mesh.broadcasts.slice(first);
}

/** Share of the living that these broadcasts reached, on average. */
export function reliability(sent: readonly Broadcast[], living: number): number {
  return mean(sent.map(({ reached }) => reached)) / living;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** Longest wait for a mesh to recover, in cycles. */
export const CYCLES_MAX = (5 * MINUTE_MS) / CYCLE_MS;
