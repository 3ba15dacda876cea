import { MemoryStore } from "../../store/memory.ts";
import { overlayOf } from "../checks.ts";
import { components } from "../graph.ts";
import { World } from "../world.ts";
import { at, expect, neighbours, type Scenario, settledOffice, whole, within } from "./scenario.ts";

/** How newcomers get in, and what becomes of those who have nobody. */
export const joining: readonly Scenario[] = [
  {
    name: "many-joins-at-once",
    about: "40 hosts know one contact and start together: one component, nobody left outside",
    run: (options) => {
      const world = new World(options);
      world.hears = false;
      const hosts = world.office(40);
      const contact = at(hosts, 0);
      for (const host of hosts.slice(1)) {
        host.process?.node.onHint({
          id: contact.id,
          addresses: contact.process?.transport.bound() ?? [],
          source: "configured",
        });
      }
      return { "one mesh after, ms": whole(world, 90_000) };
    },
  },
  {
    name: "crossed-dials",
    about: "two nodes dial each other at the same instant: one link, and both agree which",
    run: (options) => {
      const world = new World(options);
      const [one, other] = world.office(2);
      if (one === undefined || other === undefined) return {};
      const tookMs = within(world, 15_000, "each has the other", () => {
        return neighbours(one).length === 1 && neighbours(other).length === 1;
      });
      world.run(30_000);
      const [left, right] = [one, other].map((host) => host.process?.transport.stats() ?? []);
      expect(left?.length === 1 && right?.length === 1, "there is exactly one link");
      expect(left?.[0]?.initiator !== right?.[0]?.initiator, "one end opened it");
      return { "linked after, ms": tookMs };
    },
  },
  {
    name: "tiny-meshes",
    about: "1, 2, 3 and 6 nodes: each has all the others, and a write is everywhere at once",
    run: (options) => {
      const figures: Record<string, number> = {};
      for (const count of [1, 2, 3, 6]) {
        const { world, hosts } = settledOffice(options, count);
        const all = () => hosts.every((host) => neighbours(host).length === Math.min(5, count - 1));
        within(world, 60_000, `each of ${count} has all the others`, all);
        at(hosts, 0).write("k", "v", "durable");
        const spread = () => hosts.every((host) => host.read(at(hosts, 0).id, "k") === "v");
        figures[`${count} nodes, everywhere after, ms`] = within(world, 1_000, "a write", spread);
      }
      return figures;
    },
  },
  {
    name: "alone-for-long",
    about: "a node without anybody asks for ever; its contact comes back with empty views",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 2);
      const [lonely, contact] = [at(hosts, 0), at(hosts, 1)];
      world.hears = false;
      contact.kill();
      world.run(20 * 60_000);
      expect(neighbours(lonely).length === 0, "nobody is left");
      contact.disk = new MemoryStore();
      contact.start();
      // A try at most each minute, and a little more.
      return { "together again after, ms": whole(world, 90_000) };
    },
  },
  {
    name: "everybody-off-for-a-day",
    about: "all but one are off for a day, with no mDNS after it: found again from memory",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 12);
      world.run(120_000);
      world.hears = false;
      for (const host of hosts.slice(1)) host.kill();
      world.run(24 * 3_600_000);
      const remembered = at(hosts, 0).process?.overlay.membership.remembered.all().length ?? 0;
      expect(remembered >= 11, `of 11 others ${remembered} are remembered`);
      for (const host of hosts.slice(1)) host.start();
      return { "whole again after, ms": whole(world, 120_000) };
    },
  },
  {
    name: "power-back-everywhere",
    about: "the building's power is back: 30 start within 2 s, and no herd of dials",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 30);
      for (const host of hosts) host.powerCut();
      const before = world.network.dials;
      for (const host of hosts) {
        world.scheduler.set(world.random.next() * 2_000, () => host.start());
      }
      world.run(10_000);
      const dials = (world.network.dials - before) / hosts.length;
      expect(dials <= 20, `${dials.toFixed(1)} dials a node in the first 10 s`);
      const tookMs = 10_000 + whole(world, 30_000);
      expect(components(overlayOf(hosts)).length === 1, "one component");
      return { "whole after, ms": tookMs, "dials a node in 10 s": dials };
    },
  },
];
