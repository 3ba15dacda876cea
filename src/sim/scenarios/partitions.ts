import { unsettled } from "../checks.ts";
import { at, expect, type Scenario, settledOffice, whole, within } from "./scenario.ts";

/** The office is cut, in whole or in part, and mended. */
export const partitions: readonly Scenario[] = [
  {
    name: "halves-with-full-views",
    about: "30 nodes in halves for 10 minutes, each half's views full: they meet again in 20 s",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 30);
      const mend = world.cut(hosts.slice(0, 15), hosts.slice(15));
      world.run(600_000);
      for (const host of hosts) host.write("k", `${host.name} while cut`, "durable");
      world.run(5_000);
      expect(unsettled(hosts.slice(0, 15)) === undefined, "the left half agrees with itself");
      expect(unsettled(hosts.slice(15)) === undefined, "the right half agrees with itself");
      expect(unsettled(hosts) !== undefined, "the halves differ");
      mend();
      return { "one mesh again after, ms": whole(world, 20_000) };
    },
  },
  {
    name: "heal-without-a-storm",
    about: "after a mend the repair is quiet: few views change, and no join is sent",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 24);
      const mend = world.cut(hosts.slice(0, 12), hosts.slice(12));
      world.run(120_000);
      let changes = 0;
      for (const host of hosts) {
        host.process?.node.onOverlay(() => {
          changes += 1;
        });
      }
      const joins = world.network.byType.get("join") ?? 0;
      mend();
      const tookMs = whole(world, 20_000);
      world.run(60_000 - tookMs);
      const each = changes / hosts.length;
      expect(each <= 12, `${each.toFixed(1)} changes of a view in the minute after`);
      expect((world.network.byType.get("join") ?? 0) === joins, "nobody joined anew");
      return { "one mesh after, ms": tookMs, "changes of a view in a minute": each };
    },
  },
  {
    name: "hears-but-is-not-heard",
    about: "one node can't be heard for 5 minutes: the others never lose each other over it",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 10);
      const mute = at(hosts, 4);
      const rest = hosts.filter((host) => host !== mute);
      const undo = rest.map((host) => world.network.block(mute.name, host.name));
      let apart = 0;
      for (let second = 0; second < 300; second++) {
        at(rest, second % rest.length).write("k", `v ${second}`, "batched");
        world.run(1_000);
        const silent = rest.some((host) =>
          rest.some((other) => {
            const heard = host.process?.replica.get(other.id, "k");
            return other !== host && second > 60 && heard === undefined;
          }),
        );
        if (silent) apart += 1;
      }
      expect(apart === 0, `for ${apart} s somebody missed another`);
      whole(world, 10_000, rest);
      for (const mend of undo) mend();
      return { "all together again after, ms": whole(world, 20_000) };
    },
  },
  {
    name: "core-goes-on",
    about: "three nodes keep their links, all other paths are cut for ever: the three are whole",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 12);
      const core = hosts.slice(0, 3);
      const rest = hosts.slice(3);
      for (const one of rest)
        for (const other of hosts) if (one !== other) world.cut([one], [other]);
      const tookMs = whole(world, 30_000, core);
      at(core, 0).write("k", "v", "durable");
      const spread = () => core.every((host) => host.read(at(core, 0).id, "k") === "v");
      return { "whole after, ms": tookMs, "a write after, ms": within(world, 2_000, "it", spread) };
    },
  },
];
