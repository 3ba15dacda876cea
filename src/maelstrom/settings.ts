import { type Millis, SECOND_MS } from "../base/time.ts";
import { DEFAULT_PARAMETERS, type OverlayParameters } from "../overlay/parameters.ts";

/** What a run is tuned for. */
export interface Setting {
  /** Frames to one peer are gathered: at most one message to it in this time. */
  readonly batchMs: Millis;
  readonly parameters: OverlayParameters;
}

export type SettingName = "messages" | "latency";

/** Common to both: a bench gives 10 s to heal, an office has minutes. */
const SOON: Partial<OverlayParameters> = {
  retryMsMax: 4 * SECOND_MS,
  probeMs: 2 * SECOND_MS,
  probeMsMax: 4 * SECOND_MS,
  syncMs: 3 * SECOND_MS,
};

export const SETTINGS: Readonly<Record<SettingName, Setting>> = {
  // Plumtree as in the daemon, with timers above the bench's 100 ms a hop: an announcement must not
  // overtake the tree.
  messages: {
    batchMs: 150,
    parameters: {
      ...DEFAULT_PARAMETERS,
      ...SOON,
      ihaveMs: 400,
      graftMs: 600,
      graftAgainMs: 400,
      pruneMs: 1_000,
    },
  },
  // No link leaves the tree, so every entry takes the shortest path. Batched, a message more or
  // less on a link depends on the time alone, so this costs bytes and hardly a message.
  latency: {
    batchMs: 85,
    parameters: {
      ...DEFAULT_PARAMETERS,
      ...SOON,
      pruneAfter: Number.MAX_SAFE_INTEGER,
      graftMs: 600,
      graftAgainMs: 400,
    },
  },
};
