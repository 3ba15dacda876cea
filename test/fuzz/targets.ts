import type { FuzzTarget } from "./target.ts";
import { ADMISSION_TARGETS } from "./targets-admissions.ts";
import { HTTP_TARGETS } from "./targets-http.ts";
import { JOIN_TARGETS } from "./targets-join.ts";
import { MESH_TARGETS } from "./targets-mesh.ts";
import { NEIGHBOUR_TARGETS } from "./targets-neighbours.ts";
import { TEXT_TARGETS } from "./targets-text.ts";
import { UCAN_TARGETS } from "./targets-ucan.ts";
import { WIRE_TARGETS } from "./targets-wire.ts";

/** Every parser that reads what others wrote. */
export const TARGETS: readonly FuzzTarget[] = [
  ...WIRE_TARGETS,
  ...MESH_TARGETS,
  ...TEXT_TARGETS,
  ...NEIGHBOUR_TARGETS,
  ...UCAN_TARGETS,
  ...JOIN_TARGETS,
  ...ADMISSION_TARGETS,
  ...HTTP_TARGETS,
];
