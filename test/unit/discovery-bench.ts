import { BlockList } from "node:net";
import { type Answer, decode, encode } from "dns-packet";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock } from "../../src/base/time.ts";
import { Complaints } from "../../src/link/discovery/complaints.ts";
import type { Segment } from "../../src/link/discovery/interfaces.ts";
import { PacketBudget } from "../../src/link/discovery/packet-budget.ts";
import { type Known, Querier } from "../../src/link/discovery/querier.ts";
import { instanceOf, recordsOf, SERVICE } from "../../src/link/discovery/records.ts";
import { Responder } from "../../src/link/discovery/responder.ts";
import type { Incoming, Outgoing } from "../../src/link/discovery/socket.ts";

export const TAG = "00112233aabbccdd";
export const idOf = (number: number) => nodeIdOfKey(new Uint8Array(32).fill(number));
export const ID = idOf(1);
export const ANNOUNCEMENT = { id: ID, port: 7946, host: "::", meshTag: TAG, version: 1 };

const subnets = new BlockList();
subnets.addSubnet("10.0.0.0", 24, "ipv4");
export const V4: Segment = { key: "4", name: "eth0", family: "IPv4", address: "10.0.0.1", subnets };
export const V6: Segment = { key: "6", name: "eth0", family: "IPv6", address: "fe80::1", subnets };

/** What comes out of the other end of the wire; the library's types leave out what it decodes. */
export function overTheWire(packet: Outgoing): Incoming {
  return decode(encode(packet)) as unknown as Incoming;
}

export function recordsIn({ answers = [], additionals = [] }: Incoming): readonly Answer[] {
  return [...answers, ...additionals];
}

/** A responder or querier on a wire that only writes down. */
export function onBench(records = recordsOf(ANNOUNCEMENT, V4), known: Known = () => []) {
  const clock = new ManualClock();
  clock.advance(1_000_000);
  const timers = new ManualTimers(clock);
  const sent: { atMs: number; packet: Incoming }[] = [];
  const bench = { failure: undefined as Error | undefined };
  const wire = {
    send: (packet: Outgoing, done: (error: Error | undefined) => void) => {
      sent.push({ atMs: clock.monotonicMs(), packet: overTheWire(packet) });
      done(bench.failure);
    },
  };
  const random = new SeededRandom(7);
  const complaints = new Complaints(silentLog, clock);
  const parts = { wire, budget: new PacketBudget(), clock, timers, random, complaints };
  const responder = new Responder(records, parts);
  return {
    clock,
    timers,
    sent,
    bench,
    responder,
    querier: new Querier(parts, instanceOf(idOf(99)), known),
  };
}

export const question: Incoming = {
  type: "query",
  questions: [{ name: SERVICE.toUpperCase(), type: "PTR" }],
};
