import type { Message } from "../../overlay/messages.ts";
import { realCodec } from "../frames.ts";
import type { SimHost } from "../host.ts";
import type { World } from "../world.ts";
import { at, expect, neighbours, type Scenario, settledOffice, whole, within } from "./scenario.ts";

/** Sends a message as if a host had meant it. */
function forge(from: SimHost, to: SimHost, message: Message): void {
  from.process?.transport.send(to.id, realCodec.encode(message));
}

/** Waits until a host has another for a neighbour, so that a frame finds a link. */
function link(world: World, from: SimHost, to: SimHost): void {
  within(world, 60_000, `${from.name} is linked to ${to.name}`, () =>
    (from.process?.transport.stats() ?? []).some(({ peer }) => peer === to.id),
  );
}

/** Messages that no honest peer sends, or that come when they should not. */
const clockMs = (host: SimHost) => host.parts.clock.monotonicMs();

export const walks: readonly Scenario[] = [
  {
    name: "walk-with-nowhere-to-go",
    about: "walks among two, walks of oneself, walks with a forged TTL: none is lost, none loops",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 3);
      const [one, other, third] = [at(hosts, 0), at(hosts, 1), at(hosts, 2)];
      link(world, one, other);
      const peer = { id: third.id, addresses: third.process?.transport.bound() ?? [] };
      const self = { id: other.id, addresses: other.process?.transport.bound() ?? [] };
      const before = world.network.frames;
      for (const joiner of [peer, self]) {
        forge(one, other, { type: "forward-join", joiner, ttl: 16 });
        forge(one, other, { type: "shuffle", origin: joiner, ttl: 16, peers: [self, peer] });
      }
      world.run(1_000);
      const made = world.network.frames - before;
      expect(made < 60, `${made} frames came of four`);
      expect(!neighbours(other).includes(other.id), "nobody is their own neighbour");
      return { "frames that came of four": made };
    },
  },
  {
    name: "late-reply",
    about: "a reply that comes when the link has died does not bring the dead one back",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 6);
      const [one, dead] = [at(hosts, 0), at(hosts, 5)];
      link(world, dead, one);
      forge(dead, one, { type: "neighbor-reply", answer: "accepted", contacts: [] });
      dead.kill();
      world.run(1_000);
      const rest = hosts.filter((host) => host !== dead);
      const late = { type: "neighbor-reply", answer: "accepted", contacts: [] } as const;
      for (const { process, parts } of rest) {
        const nowMs = parts.clock.monotonicMs();
        process?.overlay.handle({ type: "message", from: dead.id, message: late }, nowMs);
      }
      expect(
        rest.every((host) => !neighbours(host).includes(dead.id)),
        "the dead one is nobody's neighbour",
      );
      return { "whole after, ms": whole(world, 10_000, rest) };
    },
  },
  {
    name: "unasked-reply",
    about: "a reply that nobody asked for makes no view one-sided",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 12);
      for (const from of hosts) {
        for (const { peer } of from.process?.transport.stats() ?? []) {
          const to = hosts.find(({ id }) => id === peer);
          const reply = { type: "neighbor-reply", answer: "accepted", contacts: [] } as const;
          if (to !== undefined) forge(from, to, reply);
        }
      }
      return { "symmetric after, ms": whole(world, 30_000) };
    },
  },
  {
    name: "bad-frames",
    about: "torn, doubled, random and newer frames by the thousand: counted, and the link is cut",
    run: (options) => {
      const { world, hosts } = settledOffice(options, 4);
      const [from, to] = [at(hosts, 0), at(hosts, 1)];
      link(world, from, to);
      const ping = realCodec.encode({ type: "ping", nonce: 1 });
      for (let count = 0; count < 2_000; count++) {
        const random = new Uint8Array(1 + Math.floor(world.random.next() * 60));
        for (let byte = 0; byte < random.length; byte++) random[byte] = world.random.next() * 256;
        from.process?.transport.send(to.id, count % 2 === 0 ? random : ping.subarray(0, count % 5));
      }
      world.run(2_000);
      const rejected = to.process?.counters.total("watercooler_frames_rejected_total") ?? 0;
      expect(rejected >= 10, `${rejected} frames were counted as rejected`);
      expect(to.process?.overlay.conduct.isBanned(from.id, clockMs(to)), "the link is cut");
      return { "rejected frames": rejected, "whole after, ms": whole(world, 60_000) };
    },
  },
];
