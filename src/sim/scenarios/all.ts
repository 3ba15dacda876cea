import { broadcast } from "./broadcast.ts";
import { floods } from "./floods.ts";
import { forgetting } from "./forgetting.ts";
import { identity } from "./identity.ts";
import { joining } from "./joining.ts";
import { links } from "./links.ts";
import { memory } from "./memory.ts";
import { partitions } from "./partitions.ts";
import type { Scenario } from "./scenario.ts";
import { walks } from "./walks.ts";

/** Every scenario with a name, small meshes first. */
export const SCENARIOS: readonly Scenario[] = [
  ...broadcast,
  ...joining,
  ...links,
  ...partitions,
  ...walks,
  ...identity,
  ...forgetting,
  ...memory,
  ...floods,
];
