import type { IpldMap } from "../ucan/ipld.ts";
import { matchPath } from "./path-pattern.ts";

/** What a grant may let people do, by the words of `grant --can`. `docs/trust.md` has the table. */
export const ACTIONS = {
  target: "/target/set",
  register: "/people/register",
  "register-own": "/people/register-own",
  "read-people": "/people/read",
  push: "/reading/push",
  calibrate: "/sensor/calibrate",
  everything: "/",
} as const;
export type Action = keyof typeof ACTIONS;

export const READ_PEOPLE = ACTIONS["read-people"];
export const REGISTER_OWN = ACTIONS["register-own"];

/** The word for a command; a command that has none stands for itself. */
export function actionOf(command: string): string {
  const known = Object.entries(ACTIONS).find(([, one]) => one === command);
  return known?.[0] ?? command;
}

interface Row {
  readonly methods: readonly string[];
  readonly path: string;
  /** Any one of these will do. */
  readonly commands: readonly string[];
}

/**
 * Which command each write is, and each read that tells secrets. One that is not here is for the
 * node's own machine alone.
 */
const WRITES: readonly Row[] = [
  { methods: ["PUT", "DELETE"], path: "/v1/targets/{room}/{kind}", commands: [ACTIONS.target] },
  {
    methods: ["PUT", "DELETE"],
    path: "/v1/people/{person}/devices/{mac}",
    commands: [ACTIONS.register, REGISTER_OWN],
  },
  { methods: ["POST"], path: "/v1/readings", commands: [ACTIONS.push] },
  {
    methods: ["POST"],
    path: "/v1/sensors/{sensor}/calibration",
    commands: [ACTIONS.calibrate],
  },
  { methods: ["GET", "POST"], path: "/v1/invitations", commands: ["/mesh/invite"] },
  { methods: ["DELETE"], path: "/v1/invitations/{id}", commands: ["/mesh/invite"] },
  { methods: ["POST", "DELETE"], path: "/v1/pending/{id}", commands: ["/mesh/invite"] },
  { methods: ["DELETE"], path: "/v1/nodes/{id}", commands: ["/mesh/forget"] },
  { methods: ["PUT", "DELETE"], path: "/v1/replacements/{node}", commands: ["/mesh/replace"] },
  { methods: ["PUT"], path: "/v1/plan", commands: ["/plan/set"] },
  { methods: ["PUT"], path: "/v1/plan/picture", commands: ["/plan/set"] },
  { methods: ["PUT"], path: "/v1/node", commands: ["/node/name"] },
  { methods: ["POST"], path: "/v1/grants", commands: ["/grant/make"] },
  { methods: ["DELETE"], path: "/v1/grants/{id}", commands: ["/grant/revoke"] },
];

/** What a request has to be allowed. */
export interface Guard {
  readonly commands: readonly string[];
  /** What stands in its path, for a grant's policy to limit. */
  readonly limits: IpldMap;
}

/** What a request that reads what names people has to be allowed. */
export const READ_GUARD: Guard = { commands: [READ_PEOPLE], limits: {} };

/** The guard of a write; undefined where no capability opens it. */
export function writeGuardOf(method: string, target: string): Guard | undefined {
  const [pathname = ""] = target.split("?");
  for (const { methods, path, commands } of WRITES) {
    const limits = methods.includes(method) ? matchPath(path, pathname) : undefined;
    if (limits !== undefined) return { commands, limits };
  }
  return undefined;
}

/** What whoever signs a request has to sign for. */
export function guardOf(method: string, target: string): Guard | undefined {
  return writeGuardOf(method, target) ?? (method === "GET" ? READ_GUARD : undefined);
}
