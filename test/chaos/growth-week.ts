// A mesh on injected time, for days: the daemon's own node on simulated links, one host's store also
// a real SQLite file. Sends what it takes as it goes. node --expose-gc growth-week.js DAYS HOSTS
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import { pick, randomInt, SeededRandom } from "../../src/base/random.ts";
import { DEFAULT_PARAMETERS } from "../../src/overlay/parameters.ts";
import { SimClock } from "../../src/sim/clock.ts";
import type { Segment } from "../../src/sim/discovery.ts";
import { SimHost } from "../../src/sim/host.ts";
import { Network } from "../../src/sim/network.ts";
import { Scheduler } from "../../src/sim/scheduler.ts";
import { Trace } from "../../src/sim/trace.ts";
import type { SimTransport } from "../../src/sim/transport.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import { openStore } from "../../src/store/open.ts";
import type { Batch, Durability, Store } from "../../src/store/port.ts";

const HOUR_MS = 3_600_000;
const LOOK_HOURS = 6;
/** Each host: a sensor's reading, a person's wish, a restart, so often on average. Guesses. */
const READING_MS = 30_000;
const WISH_MS = 600_000;
const RESTART_MS = 2 * HOUR_MS;
const SENSORS = 4;
const WISHES = 20;

const [, , days = "7", count = "3"] = process.argv;

/** What is committed goes to a real file too. */
class MirroredStore extends MemoryStore {
  constructor(private readonly mirror: Store) {
    super();
  }

  override commit(batch: Batch, durability: Durability) {
    const done = this.mirror.commit(batch, durability);
    if (!done.ok) throw new Error(done.error);
    return super.commit(batch, durability);
  }
}

const scheduler = new Scheduler();
const random = new SeededRandom(1);
const network = new Network(scheduler, random.fork(), new Trace());
const hosts: SimHost[] = [];
const segment: Segment = {
  network,
  hears: true,
  running: (): readonly SimTransport[] =>
    hosts.flatMap(({ process: running }) => running?.transport ?? []),
};
for (let at = 0; at < Number(count); at++) {
  hosts.push(
    new SimHost(`pi-${at}`, {
      clock: new SimClock(scheduler, 1),
      ...{ segment, parameters: DEFAULT_PARAMETERS, random: random.fork(), onStart: () => {} },
    }),
  );
}
const folder = mkdtempSync(join(tmpdir(), "watercooler-growth-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const opened = openStore(join(folder, "state.db"), silentLog);
if (!opened.ok) throw new Error(opened.error);
const store = opened.value;
const [first] = hosts as [SimHost];
first.disk = new MirroredStore(store);
for (const host of hosts) host.start();

/** Does something to a random host again and again. */
function now(everyMs: number, act: (host: SimHost, turn: number) => void): void {
  let turn = 0;
  const again = () => {
    const host = pick(random, hosts);
    if (host !== undefined) act(host, ++turn);
    scheduler.set(random.next() * 2 * (everyMs / hosts.length), again);
  };
  again();
}

now(READING_MS, (host, turn) => {
  host.write(`sensor-${randomInt(random, SENSORS)}`, `value ${turn}`, "batched");
});
now(WISH_MS, (host, turn) => {
  const value = random.next() < 0.2 ? undefined : `wish ${turn}`;
  host.write(`wish-${randomInt(random, WISHES)}`, value, "durable");
});
now(RESTART_MS, (host) => {
  host.kill();
  host.start();
});

const lives = () => [...(first.process?.replica.origins() ?? [])];
for (let hour = LOOK_HOURS; hour <= Number(days) * 24; hour += LOOK_HOURS) {
  scheduler.runFor(LOOK_HOURS * HOUR_MS);
  globalThis.gc?.();
  globalThis.gc?.();
  const digests = new Set(
    hosts.flatMap(({ process: running }) => (running ? [toHex(running.replica.digest())] : [])),
  );
  process.send?.({
    hour,
    heapMib: process.memoryUsage().heapUsed / 2 ** 20,
    storeKib: store.state().bytes / 2 ** 10,
    rows: lives().reduce((sum, { rows }) => sum + rows.size, 0),
    digests: digests.size,
  });
}
process.exit(0);
