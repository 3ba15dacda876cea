import { utf8 } from "../../base/bytes.ts";
import { MINUTE_MS, SECOND_MS } from "../../base/time.ts";
import { forgottenKey } from "../../office/admissions.ts";
import type { SimHost } from "../host.ts";
import { at, expect, neighbours, type Scenario, settledOffice, whole, within } from "./scenario.ts";

/** Who is put out of the mesh, and tries to come back. */
export const forgetting: readonly Scenario[] = [
  {
    name: "forgotten-during-a-cut",
    about: "two are put out on the far side of a cut, one linked, one off: neither comes back",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 12);
      const [admin, linked, away, absent] = [0, 7, 8, 9].map((place) => at(hosts, place));
      if (!admin || !linked || !away || !absent) return {};
      const out = [linked, away];
      const rest = hosts.filter((host) => !out.includes(host));
      for (const host of hosts) host.write("before", host.name, "durable");
      whole(world, 20_000);
      absent.stop();
      const mend = world.cut(hosts.slice(0, 6), hosts.slice(6));
      world.run(MINUTE_MS);
      for (const host of hosts) if (host !== absent) host.write("while cut", host.name, "durable");
      world.run(5 * SECOND_MS);
      away.powerCut();
      for (const { id } of out) {
        const done = admin.process?.node.write(forgottenKey(id), utf8("token"), "durable");
        expect(done?.ok, "the one with the power writes that they are out");
      }
      world.run(MINUTE_MS);
      expect(linked.isMember && linkCount(linked) > 0, "across the cut it is a member still");
      mend();
      const present = rest.filter((host) => host !== absent);
      const free = () => out.every((one) => isGone(one, present) && linkCount(one) === 0);
      const goneMs = within(world, 30_000, "they are gone, with their links", free);
      whole(world, 20_000, present);
      expect(linked.process?.node.isForgotten, "who was linked heard it");

      // Those who have not heard meet each other first, and one brings what the other wrote.
      const apart = world.cut([away, absent], present);
      for (const host of [away, absent]) host.start();
      const met = () => neighbours(absent).includes(away.id);
      within(world, MINUTE_MS, "the two meet", met);
      away.write("while apart", away.name, "durable");
      absent.write("while apart", absent.name, "durable");
      const told = () => absent.read(away.id, "while apart") === away.name;
      within(world, 10_000, "one has what the other wrote", told);
      apart();
      const stays = () => isGone(linked, present) && isGone(away, present);
      const backMs = within(
        world,
        MINUTE_MS,
        "all that stay agree, with nothing of the two",
        () => {
          expect(stays(), "nothing of them comes back");
          return isGone(linked, [absent]) && isGone(away, [absent]) && linkCount(away) === 0;
        },
      );
      for (let second = 0; second < 60; second++) {
        world.run(SECOND_MS);
        expect(
          out.every((one) => isGone(one, rest)),
          "nothing of them comes back later",
        );
        expect(linkCount(linked) + linkCount(away) === 0, "nobody links to them");
      }
      whole(world, 20_000, rest);
      for (const { id, name } of rest) {
        const keys = name === absent.name ? ["before", "while apart"] : ["before", "while cut"];
        const isKept = rest.every((host) => keys.every((key) => host.read(id, key) === name));
        expect(isKept, `all that ${name} wrote is everywhere`);
      }
      return { "gone after, ms": goneMs, "gone from one that was off after, ms": backMs };
    },
  },
];

/** Nothing that it wrote is held, and nobody counts it among the members. */
function isGone({ id }: SimHost, hosts: readonly SimHost[]): boolean {
  return hosts.every(({ process }) => {
    const replica = process?.replica;
    return replica?.isRetired(id) === true && replica.state(id) === undefined;
  });
}

function linkCount({ process }: SimHost): number {
  return process?.transport.stats().length ?? 0;
}
