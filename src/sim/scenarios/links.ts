import { at, expect, neighbours, type Scenario, settledOffice, whole, within } from "./scenario.ts";

/** Links that lie, lag, break and come back. */
export const links: readonly Scenario[] = [
  {
    name: "one-sided-views",
    about:
      "a third of all frames are lost while nodes come and go: in the end no view is one-sided",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 24);
      const { weather } = world.network;
      world.network.weather = { ...weather, loss: 0.33, reordering: 0.1, duplication: 0.1 };
      for (let round = 0; round < 20; round++) {
        const host = at(hosts, (round * 5) % hosts.length);
        host.kill();
        world.run(1_000);
        host.start();
        world.run(2_000);
      }
      world.network.weather = weather;
      return { "no one-sided view after, ms": whole(world, 60_000) };
    },
  },
  {
    name: "overtaken-writes",
    about: "every second frame is overtaken by others: no read goes back, the newest stays",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 8);
      world.run(20_000);
      const { weather } = world.network;
      world.network.weather = { latencyMs: [1, 60], loss: 0, duplication: 0.2, reordering: 0.5 };
      const writer = at(hosts, 0);
      for (let count = 0; count < 300; count++) {
        writer.write(`k ${count % 2}`, String(count), "batched");
        world.run(30);
      }
      world.network.weather = weather;
      const tookMs = whole(world, 30_000);
      expect(
        hosts.every((host) => host.read(writer.id, "k 1") === "299"),
        "the newest is everywhere",
      );
      return { "agree after, ms": tookMs };
    },
  },
  {
    name: "half-open-link",
    about: "a machine loses power and says nothing: its neighbours notice within 10 s",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 8);
      const victim = at(hosts, 3);
      victim.powerCut();
      const rest = hosts.filter((host) => host !== victim);
      const noticed = () => rest.every((host) => !neighbours(host).includes(victim.id));
      return { "noticed after, ms": within(world, 10_000, "nobody has the dead one", noticed) };
    },
  },
  {
    name: "slow-peer",
    about: "a peer that does not read for a minute: dropped within 10 s, back when it reads again",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 8);
      const [slow, writer] = [at(hosts, 2), at(hosts, 5)];
      slow.isFrozen = true;
      const rest = hosts.filter((host) => host !== slow);
      const dropped = () => rest.every((host) => !neighbours(host).includes(slow.id));
      const droppedMs = within(world, 10_000, "nobody waits for it", dropped);
      for (let count = 0; count < 50; count++) {
        writer.write("k", `v ${count}`, "batched");
        world.run(1_000);
      }
      expect(
        rest.every((host) => host.read(writer.id, "k") === "v 49"),
        "the others go on meanwhile",
      );
      slow.thaw();
      return { "dropped after, ms": droppedMs, "back after, ms": whole(world, 15_000) };
    },
  },
  {
    name: "flapping-peer",
    about: "a node starts and dies 100 times, 2 s each: the healthy ones barely notice",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 8);
      world.run(30_000);
      const [flapper, ...rest] = [...hosts].reverse();
      if (flapper === undefined) return {};
      let changes = 0;
      for (const host of rest) {
        host.process?.node.onOverlay(() => {
          changes += 1;
        });
      }
      for (let flap = 0; flap < 100; flap++) {
        flapper.kill();
        world.run(2_000);
        flapper.start();
        world.run(2_000);
      }
      const each = changes / rest.length / 100;
      // It comes and goes: two changes for a neighbour of it, and what moves in its place.
      expect(each <= 4, `${each.toFixed(2)} changes of a healthy view a flap`);
      return { "changes of a view a flap": each, "whole after, ms": whole(world, 60_000) };
    },
  },
  {
    name: "link-changes-during-broadcast",
    about: "writes while links come and go: what the tree missed is brought by anti-entropy",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 10);
      for (let round = 0; round < 20; round++) {
        const writer = at(hosts, round % 10);
        const other = at(hosts, (round + 1) % 10);
        writer.write(`round ${round}`, "v", "batched");
        writer.process?.transport.close(other.id);
        world.run(150);
      }
      const tookMs = whole(world, 30_000);
      for (let round = 0; round < 20; round++) {
        const { id } = at(hosts, round % 10);
        expect(
          hosts.every((host) => host.read(id, `round ${round}`) === "v"),
          `round ${round} is everywhere`,
        );
      }
      return { "all of them everywhere after, ms": tookMs };
    },
  },
  {
    name: "link-that-survives-a-cut",
    about: "a cut shorter than the keep-alive: the link lives, and what was lost on it is fetched",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 2);
      const [one, other] = [at(hosts, 0), at(hosts, 1)];
      world.run(20_000);
      const links = world.network.links;
      const mend = world.cut([one], [other]);
      one.write("k", "while cut", "batched");
      world.run(3_000);
      mend();
      const tookMs = within(world, 30_000, "it is fetched", () => {
        return other.read(one.id, "k") === "while cut";
      });
      expect(world.network.links === links, "no new link was made");
      return { "fetched after, ms": tookMs };
    },
  },
];
