import { MINUTE_MS } from "../../base/time.ts";
import { at, expect, type Scenario, settledOffice, whole } from "./scenario.ts";

/** What must not grow. */
export const memory: readonly Scenario[] = [
  {
    name: "seen-ids-are-bounded",
    about: "an old entry, heard again long after: no new flood, and nothing grows with history",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 8);
      const writer = at(hosts, 0);
      const olds = [];
      for (let count = 0; count < 6_000; count++) {
        writer.write(`k ${count % 10}`, `v ${count}`, "batched");
        if (count < 20) olds.push(writer.process?.replica.get(writer.id, `k ${count % 10}`)?.entry);
        if (count % 100 === 0) world.run(200);
      }
      whole(world, 30_000);
      for (const host of hosts) {
        const rows = host.process?.replica.state(writer.id)?.rows.size ?? 0;
        expect(rows < 100, `${rows} rows for ten keys at ${host.name}`);
      }
      const gossipOf = (spanMs: number) => {
        const before = world.network.byType.get("gossip") ?? 0;
        world.run(spanMs);
        return (world.network.byType.get("gossip") ?? 0) - before;
      };
      // As many signs of life fall into each of the two.
      const calm = gossipOf(MINUTE_MS);
      for (const entry of olds) {
        if (entry === undefined) continue;
        const rumours = [{ entry, round: 1 }];
        for (const host of hosts.slice(1)) {
          const target = host.process?.overlay;
          const from = [...(target?.membership.views.active.keys() ?? [])][0];
          if (from === undefined) continue;
          host.process?.overlay.handle(
            { type: "message", from, message: { type: "gossip", rumours } },
            host.parts.clock.monotonicMs(),
          );
        }
      }
      const more = gossipOf(MINUTE_MS) - calm;
      expect(more < 40, `${more} gossip frames came of old entries`);
      for (let key = 0; key < 10; key++) {
        const newest = `v ${5_990 + key}`;
        expect(
          hosts.every((host) => host.read(writer.id, `k ${key}`) === newest),
          "the newest stays",
        );
      }
      return { "gossip frames of old entries": more };
    },
  },
  {
    name: "ids-come-and-go",
    about: "keys by the thousand, each taken back: what is held stays near what lives",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 4);
      const writer = at(hosts, 0);
      for (let round = 0; round < 10; round++) {
        for (let key = 0; key < 100; key++) writer.write(`device ${round} ${key}`, "v", "batched");
        world.run(1_000);
        for (let key = 0; key < 100; key++) {
          writer.write(`device ${round} ${key}`, undefined, "batched");
        }
        world.run(1_000);
      }
      whole(world, 30_000);
      const sizes = hosts.map(({ process }) => process?.replica.size() ?? 0);
      expect(Math.max(...sizes) < 250, `${Math.max(...sizes)} rows are held`);
      return { "rows held": Math.max(...sizes) };
    },
  },
  {
    name: "a-quiet-hour",
    about: "an hour of calm: links stay, trees stay, and nothing is asked twice",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 16);
      world.run(5 * MINUTE_MS);
      let changes = 0;
      for (const host of hosts) {
        host.process?.node.onOverlay(() => {
          changes += 1;
        });
      }
      const { frames } = world.network;
      world.run(60 * MINUTE_MS);
      expect(changes === 0, `${changes} changes of views in a calm hour`);
      return { "frames a node a minute": (world.network.frames - frames) / 16 / 60 };
    },
  },
];
