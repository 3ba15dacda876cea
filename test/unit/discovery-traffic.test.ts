import assert from "node:assert/strict";
import { BlockList } from "node:net";
import test from "node:test";
import { decode, encode } from "dns-packet";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock, MINUTE_MS, SECOND_MS } from "../../src/base/time.ts";
import { Complaints } from "../../src/link/discovery/complaints.ts";
import { HintBook } from "../../src/link/discovery/hint-book.ts";
import type { Segment } from "../../src/link/discovery/interfaces.ts";
import { PacketBudget } from "../../src/link/discovery/packet-budget.ts";
import { Querier } from "../../src/link/discovery/querier.ts";
import { instanceOf, recordsOf, sightingsIn } from "../../src/link/discovery/records.ts";
import { Responder } from "../../src/link/discovery/responder.ts";
import type { Incoming, Outgoing } from "../../src/link/discovery/socket.ts";

const TAG = "00112233aabbccdd";
/** All start within it, as Pis on one power strip do. */
const START_MS = 2 * SECOND_MS;

/** So many nodes on one segment on which a packet takes no time, on virtual clocks. */
function office(count: number) {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const random = new SeededRandom(count);
  const ears: ((packet: Incoming, source: string) => void)[] = [];
  const traffic = { packets: 0, bytes: 0 };
  const books: HintBook[] = [];

  const start = (at: number) => {
    const address = `10.0.${at >> 8}.${at & 255}`;
    const subnets = new BlockList();
    subnets.addSubnet("10.0.0.0", 16, "ipv4");
    const segment: Segment = { key: "eth0", name: "eth0", family: "IPv4", address, subnets };
    const id = nodeIdOfKey(new Uint8Array(32).fill(at >> 8, 0, 16).fill(at & 255, 16));
    const wire = {
      send: (packet: Outgoing, done: (error: Error | undefined) => void) => {
        const bytes = encode(packet);
        traffic.packets += 1;
        traffic.bytes += bytes.length;
        const heard = decode(bytes) as unknown as Incoming;
        // Its own, too: multicast comes back to other nodes of one host.
        for (const ear of ears) ear(heard, address);
        done(undefined);
      },
    };
    const book = new HintBook();
    const complaints = new Complaints(silentLog, clock);
    const parts = { wire, budget: new PacketBudget(), clock, timers, random, complaints };
    const announcement = { id, port: 7946, host: "::", meshTag: TAG, version: 1 };
    const responder = new Responder(recordsOf(announcement, segment), parts);
    const querier = new Querier(parts, instanceOf(id), () =>
      book.known("eth0", clock.monotonicMs()),
    );
    books[at] = book;
    ears[at] = (packet, source) => {
      if (packet.type === "query") {
        responder.onQuery(packet, source);
        querier.onQuery(packet, source);
        return;
      }
      responder.onResponse(packet);
      const records = [...(packet.answers ?? []), ...(packet.additionals ?? [])];
      for (const sighting of sightingsIn(records, TAG, segment).sightings) {
        if (sighting.id !== id) book.see("eth0", sighting, clock.monotonicMs());
      }
    };
    responder.announce();
    querier.begin();
  };

  for (let at = 0; at < count; at++) {
    ears[at] = () => {};
    timers.set(random.next() * START_MS, () => start(at));
  }
  return {
    /** What was sent in the next minute. */
    minute: () => {
      const before = { ...traffic };
      timers.advance(MINUTE_MS);
      return { packets: traffic.packets - before.packets, bytes: traffic.bytes - before.bytes };
    },
    /** The least that any node knows of the others. */
    known: () => Math.min(...books.map((book) => book.all(clock.monotonicMs()).length)),
  };
}

/** Two announcements and some answers a node while all get to know each other. */
const FIRST_PACKETS_A_NODE = 8;
/** Then an answer each to whoever asks for all, and now and then a question. */
const CALM_PACKETS_A_NODE = 2;
const MINUTES = 14;

test("packets a minute grow with the nodes, not with their square", () => {
  for (const count of [15, 30, 60]) {
    const nodes = office(count);
    const first = nodes.minute();
    assert.equal(nodes.known(), count - 1, "everybody knows everybody");
    const calm = Array.from({ length: MINUTES }, () => {
      const minute = nodes.minute();
      assert.equal(nodes.known(), count - 1, "and still do, however seldom they ask");
      return minute;
    });
    const most = Math.max(...calm.map(({ packets }) => packets));
    const bytes = Math.round(calm.reduce((sum, minute) => sum + minute.bytes, 0) / MINUTES / 1_000);
    console.log(
      `# ${count} nodes, one family: ${first.packets} packets in the first minute, ` +
        `then at most ${most} and ${bytes} kB a minute`,
    );
    assert.ok(first.packets <= FIRST_PACKETS_A_NODE * count, `${first.packets} packets`);
    assert.ok(most <= CALM_PACKETS_A_NODE * count, `${most} packets`);
    assert.ok(most >= count / 2, "they do talk");
  }
});
