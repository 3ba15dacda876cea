import type { SimHost } from "../host.ts";
import type { World } from "../world.ts";
import { at, expect, type Scenario, settledOffice, whole } from "./scenario.ts";

const WRITES = 60;

/** Writes at one host after another; gives how long each took to be everywhere, sorted. */
function spreads(world: World, hosts: readonly SimHost[]): readonly number[] {
  const pending = new Map<string, { readonly writer: SimHost; readonly startedMs: number }>();
  const tookMs: number[] = [];
  const look = () => {
    for (const [key, { writer, startedMs }] of pending) {
      if (!hosts.every((host) => host.read(writer.id, key) === "v")) continue;
      tookMs.push(world.scheduler.nowMs - startedMs);
      pending.delete(key);
    }
  };
  for (let write = 0; write < WRITES; write++) {
    const writer = at(hosts, write % hosts.length);
    writer.write(`k ${write}`, "v", "batched");
    pending.set(`k ${write}`, { writer, startedMs: world.scheduler.nowMs });
    for (let step = 0; step < 10; step++) {
      world.run(20);
      look();
    }
  }
  while (pending.size > 0 && world.scheduler.nowMs < 3_600_000) {
    world.run(20);
    look();
  }
  return tookMs.sort((left, right) => left - right);
}

/** How a write gets to everybody. */
export const broadcast: readonly Scenario[] = [
  {
    name: "write-in-calm",
    about: "32 hosts, nothing wrong: a write is everywhere well under a second",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 32);
      world.run(30_000);
      const took = spreads(world, hosts);
      const median = took[WRITES / 2] ?? 0;
      const slowest = took[WRITES - 1] ?? 0;
      expect(slowest < 600, `the slowest of ${WRITES} took ${slowest} ms`);
      return { "median, ms": median, "slowest, ms": slowest };
    },
  },
  {
    name: "write-over-lossy-links",
    about: "one frame in twenty is lost: announcements and grafts bring the rest within seconds",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 16);
      world.run(30_000);
      world.network.weather = { ...world.network.weather, loss: 0.05 };
      const took = spreads(world, hosts);
      const most = took[Math.floor(WRITES * 0.9)] ?? 0;
      expect(most < 1_500, `nine in ten writes took up to ${most} ms`);
      return { "nine in ten within, ms": most, "slowest, ms": took[WRITES - 1] ?? 0 };
    },
  },
  {
    name: "half-die-at-once",
    about: "12 of 24 lose power in mid-broadcast: what the others write gets to all of them",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 24);
      world.run(20_000);
      const rest = hosts.slice(12);
      for (const host of hosts.slice(0, 12)) host.powerCut();
      const took = spreads(world, rest);
      const tookMs = whole(world, 10_000, rest);
      const late = took.filter((ms) => ms > 2_000).length / WRITES;
      // Half-open links swallow what is sent before the keep-alive notices.
      expect(late < 0.75, `${Math.round(late * 100)} % of the writes took over 2 s`);
      return { "median, ms": took[WRITES / 2] ?? 0, "agree after, ms": tookMs };
    },
  },
];
