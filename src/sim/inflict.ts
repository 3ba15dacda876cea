import { type Millis, SECOND_MS } from "../base/time.ts";
import { MemoryStore } from "../store/memory.ts";
import type { Fault } from "./fault.ts";
import type { SimHost } from "./host.ts";
import { CALM } from "./network.ts";
import type { World } from "./world.ts";

/** How long before a restore its copy of the card is made. */
type Of<T extends Fault["type"]> = Extract<Fault, { readonly type: T }>;

/** Plans a fault, and the end of it, in a world. */
export function plan(world: World, fault: Fault): void {
  if (fault.type === "restore") return planRestore(world, fault);
  later(world, fault.atMs, () => inflict(world, fault));
}

function inflict(world: World, fault: Fault): void {
  world.note("fault", fault.type, "host" in fault ? String(fault.host) : "");
  switch (fault.type) {
    case "kill":
    case "power-cut":
    case "stop":
      return outage(world, fault);
    case "freeze":
      return freeze(world, fault);
    case "flap":
      return flap(world, fault);
    case "partition":
      return partition(world, fault);
    case "one-way-cut":
    case "mute":
      return deafen(world, fault);
    case "storm":
      return storm(world, fault);
    case "clock-step":
      return hostOf(world, fault.host)?.parts.clock.step(fault.byMs);
    case "boot-in-1970":
      return bootIn1970(world, fault);
    case "disk-full":
      return diskFull(world, fault);
    case "disk-lost":
      return diskLost(world, fault);
    case "clone":
      return clone(world, fault);
    case "retire":
      return retire(world, fault);
    case "newcomer":
      return newcomer(world);
    case "deaf-lan":
      return deafLan(world, fault);
    default:
  }
}

function outage(world: World, { type, host: number, forMs }: Of<"kill" | "power-cut" | "stop">) {
  const host = hostOf(world, number);
  if (host?.process === undefined) return;
  if (type === "kill") host.kill();
  else if (type === "stop") host.stop();
  else world.reach("a power cut that took commits", host.powerCut() > 0 ? 1 : 0);
  after(world, forMs, () => host.start());
}

function freeze(world: World, { host: number, forMs }: Of<"freeze">): void {
  const host = hostOf(world, number);
  if (host?.process === undefined || host.isFrozen) return;
  const { boot } = host.process;
  host.isFrozen = true;
  after(world, forMs, () => {
    if (host.process?.boot === boot) host.thaw();
  });
}

function flap(world: World, { host: number, times, everyMs }: Of<"flap">): void {
  const host = hostOf(world, number);
  for (let time = 0; time < times; time++) {
    after(world, 2 * time * everyMs, () => host?.kill());
    after(world, (2 * time + 1) * everyMs, () => host?.start());
  }
}

function partition(world: World, { side, forMs }: Of<"partition">): void {
  const left = world.hosts.filter((_, at) => side.includes(at));
  const right = world.hosts.filter((_, at) => !side.includes(at));
  const mend = world.cut(left, right);
  world.reach("a partition");
  after(world, forMs, mend);
}

function deafen(world: World, fault: Of<"one-way-cut" | "mute">): void {
  const from = hostOf(world, fault.type === "mute" ? fault.host : fault.from);
  if (from === undefined) return;
  const others = world.hosts.filter(
    (other, at) => other !== from && (fault.type === "mute" || at === fault.to),
  );
  const undo = others.map((other) => world.network.block(from.name, other.name));
  after(world, fault.forMs, () => {
    for (const mend of undo) mend();
  });
}

function storm(world: World, fault: Of<"storm">): void {
  const { loss, duplication, reordering, latencyMs, forMs } = fault;
  world.network.weather = { latencyMs: [1, latencyMs], loss, duplication, reordering };
  after(world, forMs, () => {
    world.network.weather = CALM;
  });
}

function bootIn1970(world: World, { host: number }: Of<"boot-in-1970">): void {
  const host = hostOf(world, number);
  if (host?.process === undefined) return;
  world.reach("a power cut that took commits", host.powerCut() > 0 ? 1 : 0);
  host.parts.clock.startIn1970();
  after(world, SECOND_MS, () => host.start());
}

function diskFull(world: World, { host: number, forMs }: Of<"disk-full">): void {
  const host = hostOf(world, number);
  if (host === undefined) return;
  const { disk } = host;
  disk.fail("full");
  world.reach("a full disk");
  after(world, forMs, () => {
    disk.fail(undefined);
  });
}

function diskLost(world: World, { host: number, forMs }: Of<"disk-lost">): void {
  const host = hostOf(world, number);
  if (host?.process === undefined) return;
  host.kill();
  host.disk = new MemoryStore();
  world.oracle.doubt(host.id);
  after(world, forMs, () => host.start());
}

/** The copy is made at the moment it is of, so it has to be planned ahead. */
function planRestore(world: World, fault: Of<"restore">): void {
  let copy: MemoryStore | undefined;
  later(world, fault.atMs - fault.sinceMs, () => {
    copy = hostOf(world, fault.host)?.disk.copy();
  });
  later(world, fault.atMs, () => {
    const host = hostOf(world, fault.host);
    if (host?.process === undefined || copy === undefined) return;
    world.note("fault", "restore", String(fault.host));
    host.kill();
    host.disk = copy;
    world.oracle.doubt(host.id);
    world.reach("a restored backup");
    after(world, SECOND_MS, () => host.start());
  });
}

function clone(world: World, { host: number, forMs }: Of<"clone">): void {
  const host = hostOf(world, number);
  if (host?.process === undefined) return;
  const twin = world.add(`twin-${world.hosts.length}`, { identity: host.identity });
  twin.disk = host.disk.copy();
  world.oracle.doubt(host.id);
  twin.start();
  after(world, forMs, () => {
    world.reach("a clone that was noticed", twin.isMember && host.isMember ? 0 : 1);
    twin.kill();
    twin.isRetired = true;
    // Whoever keeps the card starts it again; the copy is gone.
    if (host.process?.node.isClone) {
      host.kill();
      host.start();
    }
  });
}

function retire(world: World, { host: number }: Of<"retire">): void {
  const host = hostOf(world, number);
  if (host === undefined) return;
  host.kill();
  host.isRetired = true;
  world.oracle.doubt(host.id);
}

function newcomer(world: World): void {
  world.add(`pi-${world.hosts.length}`).start();
  world.reach("a newcomer");
  world.reach("a newcomer while paths are cut", world.network.isWhole ? 0 : 1);
}

function deafLan(world: World, { forMs }: Of<"deaf-lan">): void {
  world.hears = false;
  after(world, forMs, () => {
    world.hears = true;
  });
}

function hostOf(world: World, number: number): SimHost | undefined {
  const host = world.hosts[number];
  return host?.isRetired ? undefined : host;
}

function later(world: World, atMs: Millis, run: () => void): void {
  world.scheduler.at(atMs, run);
}

function after(world: World, spanMs: Millis, run: () => void): void {
  world.scheduler.set(spanMs, run);
}
