import type { Millis } from "../../base/time.ts";
import { unsettled } from "../checks.ts";
import type { SimHost } from "../host.ts";
import { Violation } from "../violation.ts";
import { World, type WorldOptions } from "../world.ts";

/** What a scenario measured, for people: names with their units, and values. */
export type Figures = Readonly<Record<string, number | string>>;

/** A history with a name and a check; it throws a violation where the check fails. */
export interface Scenario {
  readonly name: string;
  /** What goes wrong, and what must hold all the same. */
  readonly about: string;
  run(options: WorldOptions): Figures;
}

/** Throws where something does not hold. */
export function expect(holds: unknown, what: string): void {
  if (holds !== true) throw new Violation("the scenario's own check", what);
}

/** Runs until something holds; throws at the limit. Gives the virtual time it took. */
export function within(world: World, limitMs: Millis, what: string, holds: () => boolean): Millis {
  const tookMs = world.runUntil(holds, limitMs, 50);
  if (tookMs === undefined) {
    throw new Violation("the scenario's own check", `not within ${limitMs} ms: ${what}`);
  }
  return Math.round(tookMs);
}

/** Runs until these hosts are one mesh that agrees. Gives the virtual time it took. */
export function whole(world: World, limitMs: Millis, hosts = world.members()): Millis {
  const tookMs = world.runUntil(() => unsettled(hosts) === undefined, limitMs, 50);
  if (tookMs !== undefined) return Math.round(tookMs);
  throw new Violation("one mesh that agrees", `after ${limitMs} ms: ${unsettled(hosts)}`);
}

/** A settled office of so many hosts. */
export function settledOffice(
  options: WorldOptions,
  count: number,
): { world: World; hosts: readonly SimHost[] } {
  const world = new World(options);
  const hosts = world.office(count);
  whole(world, 60_000);
  return { world, hosts };
}

/** The host at a place; scenarios know how many they made. */
export function at(hosts: readonly SimHost[], place: number): SimHost {
  const host = hosts[place];
  if (host === undefined) throw new RangeError(`no host ${place}`);
  return host;
}

/** Whom a host has for active neighbours. */
export function neighbours(host: SimHost): readonly string[] {
  return [...(host.process?.overlay.membership.views.active.keys() ?? [])];
}
