import type { Check } from "../node/read-side.ts";

/** A place outside the mesh that is told its state all the time, by one node for all. */
export interface Outlet {
  /** The same on all nodes that have it configured, and different from all others. */
  readonly id: string;
  /** Whether this node can't reach it, so that another one should try. */
  isFailing(): boolean;
  check(): Check;
  start(): void;
  stop(): Promise<void>;
}
