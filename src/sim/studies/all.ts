import { hyparviewStudy } from "./hyparview.ts";
import { officeDayStudy } from "./office-day.ts";
import { plumtreeStudy } from "./plumtree.ts";
import { scaleStudy } from "./scale.ts";
import type { Study } from "./study.ts";

/** Every study with a name. */
export const STUDIES: readonly Study[] = [
  hyparviewStudy,
  plumtreeStudy,
  scaleStudy,
  officeDayStudy,
];
