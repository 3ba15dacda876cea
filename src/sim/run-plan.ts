import { SeededRandom } from "../base/random.ts";
import { type Millis, SECOND_MS } from "../base/time.ts";
import type { Plan } from "./draw.ts";
import type { SimHost } from "./host.ts";
import { plan as planFault } from "./inflict.ts";
import { CALM } from "./network.ts";
import { cardsHoldAll, joinsAgree, settle } from "./settle.ts";
import { Violation } from "./violation.ts";
import { keepWriting } from "./workload.ts";
import { World } from "./world.ts";

/** What came of one history. */
export interface Verdict {
  readonly plan: Plan;
  readonly violation: { readonly invariant: string; readonly detail: string } | undefined;
  /** When it was found, in virtual time. */
  readonly atMs: Millis;
  /** From the end of all faults to one settled mesh. */
  readonly settledMs: Millis;
  readonly hash: string;
  readonly events: number;
  readonly reached: ReadonlyMap<string, number>;
}

/** The core of a liveness run, and how long it may take to be whole while the rest never heals. */
const CORE = 3;
const CORE_MS_MAX = 60 * SECOND_MS;

/** Runs one history to its end, or to the first invariant that does not hold. */
export function runPlan(plan: Plan, print?: (line: string) => void): Verdict {
  const { seed, framing } = plan;
  const world = new World({ seed, framing, ...(print === undefined ? {} : { print }) });
  let violation: Verdict["violation"];
  let settledMs = 0;
  try {
    begin(world, plan);
    world.run(plan.spanMs / 2);
    joinsAgree(world.members());
    world.run(plan.spanMs / 2);
    joinsAgree(world.members());
    settledMs = plan.mode === "liveness" ? endWithCore(world) : endInPeace(world);
  } catch (error) {
    violation = describe(error);
  }
  const { nowMs: atMs, ran: events } = world.scheduler;
  const hash = world.trace.hash();
  return { plan, violation, atMs, settledMs, hash, events, reached: world.reached };
}

function begin(world: World, { hosts, newer, rates, cutFrames, faults }: Plan): void {
  world.network.cutFrames = cutFrames;
  for (let at = 0; at < hosts; at++) {
    const framing = newer.includes(at) ? { framing: "newer" as const } : {};
    const host = world.add(`pi-${at}`, { rate: rates[at] ?? 1, ...framing });
    host.start();
    keepWriting(world, host);
  }
  for (const fault of faults) planFault(world, fault);
}

/** Every fault ends, every host that is not retired comes back. */
function endInPeace(world: World): Millis {
  heal(world, world.hosts);
  const hosts = world.hosts.filter(({ isRetired }) => !isRetired);
  for (const host of hosts) host.start();
  const members = () => world.members();
  const settledMs = settle(world, members());
  cardsHoldAll(members());
  return settledMs;
}

/** A few hosts heal; everybody else stays cut off from them, and from each other, for ever. */
function endWithCore(world: World): Millis {
  const hosts = world.hosts.filter(({ isRetired }) => !isRetired);
  heal(world, hosts);
  const core = hosts.slice(0, CORE);
  const rest = hosts.filter((host) => !core.includes(host));
  for (const host of core) host.start();
  for (const one of rest) {
    for (const other of hosts) if (one !== other) world.cut([one], [other]);
  }
  world.reach("a core that went on alone");
  const members = core.filter(({ isMember }) => isMember);
  const settledMs = settle(world, members, CORE_MS_MAX);
  for (const host of members) {
    if (host.write(`${host.name}/after`, "still writes", "durable") !== "acked") {
      throw new Violation("a healed core takes writes", host.name);
    }
    world.oracle.wrote(host, `${host.name}/after`, "still writes", "kept");
  }
  settle(world, members, CORE_MS_MAX);
  return settledMs;
}

function heal(world: World, hosts: readonly SimHost[]): void {
  world.network.weather = CALM;
  world.hears = true;
  for (const host of hosts) {
    host.disk.fail(undefined);
    if (host.isFrozen) host.thaw();
  }
}

function describe(error: unknown): { invariant: string; detail: string } {
  if (error instanceof Violation) return { invariant: error.invariant, detail: error.message };
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { invariant: "the core never throws", detail };
}

/** The dice that draw a plan, apart from those that play it. */
export function planDice(seed: number): SeededRandom {
  return new SeededRandom(seed * 2 + 1);
}
