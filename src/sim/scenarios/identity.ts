import { HOUR_MS, MINUTE_MS } from "../../base/time.ts";
import { World } from "../world.ts";
import { at, expect, neighbours, type Scenario, settledOffice, whole, within } from "./scenario.ts";

const YEAR_MS = 365 * 24 * HOUR_MS;

/** Who is who: restarts, clones, moves, backups, clocks, strangers. */
export const identity: readonly Scenario[] = [
  {
    name: "restart-replaces-former-self",
    about: "a node dies and is back in 100 ms, ten times: neighbours have its new life at once",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 8);
      const victim = at(hosts, 3);
      let slowestMs = 0;
      for (let time = 0; time < 10; time++) {
        victim.powerCut();
        world.run(100);
        victim.start();
        victim.write("k", `life ${time}`, "durable");
        const back = () => hosts.every((host) => host.read(victim.id, "k") === `life ${time}`);
        slowestMs = Math.max(slowestMs, within(world, 15_000, `life ${time} is known`, back));
      }
      whole(world, 20_000);
      const clones = hosts.some(({ process }) => (process?.node.clones.found().length ?? 0) > 0);
      expect(!clones, "a restart is not taken for a clone");
      return { "slowest return, ms": slowestMs };
    },
  },
  {
    name: "new-card-same-address",
    about: "a Pi with a new card has a new identity at the old address: dialled as who it is now",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 6);
      const old = at(hosts, 2);
      old.kill();
      old.isRetired = true;
      const fresh = world.add(old.name, { identity: "another key" });
      fresh.start();
      const rest = [...hosts.filter((host) => host !== old), fresh];
      const tookMs = whole(world, 30_000, rest);
      expect(
        rest.every((host) => !neighbours(host).includes(old.id)),
        "the old identity is nobody's neighbour",
      );
      return { "one mesh after, ms": tookMs };
    },
  },
  {
    name: "same-card-new-address",
    about: "DHCP gives a node another address: the same identity, found there, and no clone",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 6);
      const old = at(hosts, 2);
      old.write("k", "kept", "durable");
      old.powerCut();
      old.isRetired = true;
      const moved = world.add("pi-elsewhere", { identity: old.identity, machine: old.name });
      moved.disk = old.disk;
      world.hears = false;
      moved.start();
      const rest = [...hosts.filter((host) => host !== old), moved];
      const tookMs = whole(world, 15_000, rest);
      expect(
        rest.every((host) => host.read(moved.id, "k") === "kept"),
        "it says what it said",
      );
      expect(
        rest.every(({ process }) => process?.node.clones.found().length === 0),
        "no alarm",
      );
      return { "back after, ms": tookMs };
    },
  },
  {
    name: "cloned-card",
    about: "two machines run with one card: noticed everywhere in 10 s, and the copy gives way",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 8);
      const original = at(hosts, 1);
      const copy = world.add("copy", { identity: original.identity });
      copy.disk = original.disk.copy();
      copy.start();
      const noticedMs = within(world, 10_000, "all have noticed and one gave way", () => {
        const members = hosts.filter((host) => host.isMember);
        const all = members.every(({ process }) =>
          process?.node.clones.found().includes(original.id),
        );
        return all && (original.isMember ? 1 : 0) + (copy.isMember ? 1 : 0) === 1;
      });
      expect(original.isMember, "the machine that the card was made on stays");
      expect(copy.write("k", "v", "durable") === "refused", "the copy writes no more");
      return { "noticed after, ms": noticedMs, "whole after, ms": whole(world, 20_000) };
    },
  },
  {
    name: "restored-backup",
    about: "a card goes back to an hour ago: what was said since comes back from the others",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 5);
      const victim = at(hosts, 0);
      victim.write("a", "before", "durable");
      victim.write("gone", "before", "durable");
      world.run(5_000);
      const backup = victim.disk.copy();
      world.run(HOUR_MS);
      victim.write("a", "after", "durable");
      victim.write("b", "after", "durable");
      victim.write("gone", undefined, "durable");
      whole(world, 20_000);
      victim.kill();
      victim.disk = backup;
      victim.start();
      const back = () =>
        hosts.every(
          (host) =>
            host.read(victim.id, "a") === "after" &&
            host.read(victim.id, "b") === "after" &&
            host.read(victim.id, "gone") === undefined,
        );
      const tookMs = within(world, 20_000, "what came after the backup is back", back);
      whole(world, 20_000);
      return { "back after, ms": tookMs };
    },
  },
  {
    name: "wrong-clocks",
    about: "one node in 2038, one in 1970, one that steps each minute: they join, and win nothing",
    run: (options) => {
      const world = new World(options);
      const hosts = Array.from({ length: 6 }, (_, number) => world.add(`pi-${number}`));
      const [future, past, jumpy] = [at(hosts, 0), at(hosts, 1), at(hosts, 2)];
      future.parts.clock.step(12 * YEAR_MS);
      past.parts.clock.startIn1970();
      for (const host of hosts) host.start();
      const joinedMs = whole(world, 15_000);
      for (let minute = 0; minute < 20; minute++) {
        jumpy.parts.clock.step(minute % 2 === 0 ? HOUR_MS : -HOUR_MS);
        for (const host of hosts) host.write("k", `${host.name} ${minute}`, "batched");
        world.run(MINUTE_MS);
      }
      expect(
        hosts.every((host) => neighbours(host).length === 5),
        "nobody hung up on anybody",
      );
      for (const host of hosts) {
        const stampMs = host.process?.replica.clock.now.wallMs ?? 0;
        const wallMs = host.parts.clock.wallMs();
        const aheadMs = Math.round(stampMs - wallMs);
        expect(host === jumpy || aheadMs <= 61_000, `${host.name} is pulled ${aheadMs} ms ahead`);
      }
      return { "joined after, ms": joinedMs, "whole after, ms": whole(world, 10_000) };
    },
  },
  {
    name: "stranger-on-the-lan",
    about: "a node of another mesh knocks for an hour: never a neighbour, and not asked hotly",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 6);
      const stranger = world.add("stranger", { mesh: "another" });
      stranger.start();
      const before = world.network.dials;
      world.run(HOUR_MS);
      expect(neighbours(stranger).length === 0, "it has no neighbour");
      expect(
        hosts.every((host) => !neighbours(host).includes(stranger.id)),
        "it is nobody's neighbour",
      );
      expect(
        hosts.every(({ process }) => process?.replica.state(stranger.id) === undefined),
        "nothing of it is known",
      );
      const dials = (world.network.dials - before) / (hosts.length + 1) / 60;
      expect(dials < 10, `${dials.toFixed(1)} dials a node a minute`);
      return { "dials a node a minute": dials };
    },
  },
];
