import { randomInt, type SeededRandom } from "../base/random.ts";
import { SECOND_MS } from "../base/time.ts";
import type { SimHost } from "./host.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** What people set and what sensors say, as keys of a node: few, so that they are overwritten. */
const SETTINGS = 4;
const SENSORS = 3;
/** Between two writes of one host, on average. */
const PAUSE_MS = 6 * SECOND_MS;

/** Lets a host write now and then, for ever, when it runs. */
export function keepWriting(world: World, host: SimHost): void {
  const random = world.random.fork();
  let count = 0;
  const next = () => {
    world.scheduler.set(random.next() * 2 * PAUSE_MS, () => {
      count += 1;
      writeOne(world, host, random, count);
      next();
    });
  };
  next();
}

function writeOne(world: World, host: SimHost, random: SeededRandom, count: number): void {
  const kind = random.next();
  const value = `${host.name} ${count}`;
  if (kind < 0.6) {
    const key = `${host.name}/sensor-${randomInt(random, SENSORS)}`;
    if (host.write(key, value, "batched") !== "acked") return;
    readsOwn(host, key, value);
    return world.oracle.wrote(host, key, value, "open");
  }
  const key = `${host.name}/setting-${randomInt(random, SETTINGS)}`;
  const said = kind < 0.9 ? value : undefined;
  const { boot } = host.process ?? {};
  const before = host.read(host.id, key);
  const outcome = host.write(key, said, "durable");
  if (outcome === "acked") {
    readsOwn(host, key, said);
    return world.oracle.wrote(host, key, said, "kept");
  }
  if (boot === undefined || host.isFrozen) return;
  // Refused for a full disk, it is not there: the oracle goes on to hold the node to what was.
  world.reach("a durable write refused");
  readsOwn(host, key, before);
}

function readsOwn(host: SimHost, key: string, value: string | undefined): void {
  const shown = host.read(host.id, key);
  if (shown !== value) throw new Violation("a node reads its own writes", `${key}: ${shown}`);
}
