import type {
  HealthDocument,
  MeshDocument,
  PersonDocument,
  ReadingDocument,
  RoomDocument,
} from "../../src/api/types.ts";
import type { Allowed, Ledger } from "./ledger.ts";
import type { Pi } from "./pi.ts";
import { CLAIM_SLOTS, TARGET_SLOTS } from "./plan.ts";
import { macOf, personOf } from "./workload.ts";

const LOOK_EVERY_MS = 200;
/** Values go over the wire as doubles; a step of the workload is 0.005. */
const TOLERANCE = 1e-6;

/** Waits for a condition; undefined where it does not come in time, else how long it took. */
export async function within(
  limitMs: number,
  holds: () => Promise<boolean> | boolean,
): Promise<number | undefined> {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > limitMs) return undefined;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return performance.now() - startMs;
}

/** Whether all nodes answer, know each other, and hold the same. */
export async function agree(pis: readonly Pi[]): Promise<boolean> {
  const meshes = await Promise.all(pis.map((pi) => pi.get<MeshDocument>("/v1/mesh")));
  return meshes.every((mesh) => mesh?.nodes === pis.length && mesh.digest === meshes[0]?.digest);
}

/** What each node says of the mesh, for a report of what went wrong. */
export async function pictures(pis: readonly Pi[]): Promise<readonly string[]> {
  return Promise.all(
    pis.map(async (pi) => {
      const mesh = await pi.get<MeshDocument>("/v1/mesh");
      if (mesh === undefined) return `${pi.name}: no answer, ${running(pi)}`;
      const { digest, nodes, entries, active } = mesh;
      return `${pi.name}: ${digest.slice(0, 12)} nodes=${nodes} entries=${entries} active=${active.length}`;
    }),
  );
}

const running = (pi: Pi) => (pi.host.isRunning ? "its process runs" : "its process is gone");

/** What one node holds in each slot of the workload; undefined where it does not answer. */
export async function slotsOf(pi: Pi): Promise<ReadonlyMap<string, number> | undefined> {
  const rooms = await pi.get<RoomDocument[]>("/v1/rooms");
  const people = await pi.get<PersonDocument[]>("/v1/people");
  const readings = await pi.get<ReadingDocument[]>("/v1/readings?kind=temperature");
  if (rooms === undefined || people === undefined || readings === undefined) return undefined;
  const held = new Map<string, number>();
  for (let slot = 0; slot < TARGET_SLOTS; slot++) {
    const room = rooms.find((one) => one.room === `office-${slot}`);
    const value = room?.targets.temperature?.value;
    if (typeof value === "number") held.set(`target/${slot}`, value);
  }
  for (let slot = 0; slot < CLAIM_SLOTS; slot++) {
    const person = people.find((one) => one.person === personOf(slot));
    if (person?.devices.some(({ mac }) => mac === macOf(slot))) held.set(`claim/${slot}`, 1);
  }
  for (const { sensor, value } of readings) {
    const number = /^pi-(\d+)\/box$/.exec(sensor)?.[1];
    if (number !== undefined) held.set(`reading/${number}`, Number(value));
  }
  return held;
}

const holds = (allowed: Allowed, value: number | undefined) =>
  [...allowed].some((one) =>
    one === undefined || value === undefined ? one === value : Math.abs(one - value) < TOLERANCE,
  );

/**
 * What of all that was acknowledged is not there. Readings of nodes in `excused` may be lost: they
 * are kept every five seconds only, and the process that took the last one is gone.
 */
export function missing(
  where: string,
  held: ReadonlyMap<string, number>,
  ledger: Ledger,
  excused: ReadonlySet<number>,
): readonly string[] {
  return ledger.keys().flatMap((key) => {
    const [what, slot] = key.split("/");
    if (what === "reading" && excused.has(Number(slot))) return [];
    const allowed = ledger.allowed(key);
    if (holds(allowed, held.get(key))) return [];
    const wanted = [...allowed].map(String).join(" or ");
    return [`${where} holds ${held.get(key)} as ${key}, not ${wanted} (${ledger.story(key)})`];
  });
}

/** What health says of identities where something is wrong with one. */
export async function cloneAlarm(pi: Pi): Promise<string | undefined> {
  const check = (await pi.get<HealthDocument>("/v1/health"))?.checks.identity;
  return check?.status === "degraded" ? `${pi.name}: ${check.detail}` : undefined;
}

const ALARMS = {
  "a clone": /^.*(two nodes use one identity|with this node's identity|card runs elsewhere).*$/m,
  damage: /^.*(was damaged|newer version wrote it|written by a newer watercooler).*$/m,
} as const;

/** Of nodes where there was no cause for it, the first line of each that says so in its log. */
export function alarms(pis: readonly Pi[], about: keyof typeof ALARMS): readonly string[] {
  return pis.flatMap(({ name, host }) => {
    const line = ALARMS[about].exec(host.log)?.[0];
    return line === undefined ? [] : [`${name} says without ${about}: ${line}`];
  });
}

/** Dots of which the node itself says that they were used twice. */
export async function equivocation(pi: Pi): Promise<string | undefined> {
  const { text } = await pi.ask("GET", "/metrics");
  const line = /^.*equivocation.*$/m.exec(text)?.[0];
  return line === undefined ? undefined : `${pi.name}: ${line}`;
}
