import type { Millis } from "../../base/time.ts";
import { SECOND_MS } from "../../base/time.ts";
import { ENTRIES_PER_ORIGIN_MAX, ORIGIN_BYTES_MAX } from "../../replica/origin-limits.ts";
import type { SimHost } from "../host.ts";
import type { World } from "../world.ts";
import { at, expect, type Scenario, settledOffice, whole, within } from "./scenario.ts";

const HOSTS = 20;
const FLOOD_MS = 4 * SECOND_MS;
/** Between two batches of the flood, and the entries in one: 2,000 a second. */
const BATCH_MS = 50;
const BATCH = 100;
/** Others' writes while the flood lasts. */
const WRITES = 8;
/** What each of them may take, calm or not. */
const DELAY_MS_MAX = 3 * SECOND_MS;

/** Writes of the others, one after another. Gives the longest that one took to be everywhere. */
function othersWrite(world: World, others: readonly SimHost[]): Millis {
  let slowestMs = 0;
  for (let count = 0; count < WRITES; count++) {
    const writer = at(others, count % others.length);
    const value = `value ${count} at ${world.scheduler.nowMs}`;
    writer.write("setting", value, "durable");
    const everywhere = () => others.every((host) => host.read(writer.id, "setting") === value);
    const what = `write ${count} of ${writer.name} is everywhere`;
    slowestMs = Math.max(slowestMs, within(world, DELAY_MS_MAX, what, everywhere));
    world.run(FLOOD_MS / WRITES - 50);
  }
  return slowestMs;
}

/** A flood of one member's valid writes, beside the others' writes; then what is left of it. */
function flood(
  world: World,
  hosts: readonly SimHost[],
  say: (flooder: SimHost, count: number) => void,
): { calmMs: Millis; floodedMs: Millis; rows: number } {
  const [flooder, ...others] = hosts as [SimHost, ...SimHost[]];
  const calmMs = othersWrite(world, others);
  const endMs = world.scheduler.nowMs + FLOOD_MS;
  let said = 0;
  const go = () => {
    for (let count = 0; count < BATCH; count++) say(flooder, said++);
    if (world.scheduler.nowMs < endMs) world.scheduler.set(BATCH_MS, go);
  };
  go();
  const floodedMs = othersWrite(world, others);
  for (const { name, process, parts } of others) {
    const state = process?.replica.state(flooder.id);
    let bytes = 0;
    for (const { entry } of state?.rows.values() ?? []) bytes += entry.body.length + 64;
    expect(
      (state?.rows.size ?? 0) <= ENTRIES_PER_ORIGIN_MAX,
      `${state?.rows.size} keys at ${name}`,
    );
    expect(bytes <= ORIGIN_BYTES_MAX, `${bytes} bytes at ${name}`);
    const named = process?.overlay.intake.budgets.flooding(parts.clock.monotonicMs()) ?? [];
    expect(
      named.every((id) => id === flooder.id),
      `${name} names others than the flooder`,
    );
  }
  const names = others.filter(({ process, parts }) =>
    process?.overlay.intake.budgets.flooding(parts.clock.monotonicMs()).includes(flooder.id),
  );
  expect(names.length > 0, "nobody names the flooder");
  return {
    calmMs,
    floodedMs,
    rows: at(others, 0).process?.replica.state(flooder.id)?.rows.size ?? 0,
  };
}

const figures = ({ calmMs, floodedMs, rows }: ReturnType<typeof flood>) => ({
  "slowest write in the calm, ms": calmMs,
  "slowest write in the flood, ms": floodedMs,
  "keys held of the flooder": rows,
});

/** One member does what its key allows, without end. */
export const floods: readonly Scenario[] = [
  {
    name: "a-member-floods-keys",
    about: "one of 20 writes 2,000 new keys a second: the others' writes go on, and memory ends",
    run: (options) => {
      const { world, hosts } = settledOffice(options, HOSTS);
      return figures(
        flood(world, hosts, (flooder, count) => flooder.write(`key ${count}`, "v", "batched")),
      );
    },
  },
  {
    name: "a-member-floods-one-key",
    about: "one of 20 writes one key 2,000 times a second: the others go on, and all agree after",
    run: (options) => {
      const { world, hosts } = settledOffice(options, HOSTS);
      const found = flood(world, hosts, (flooder, count) =>
        flooder.write("busy", `value ${count}`, "batched"),
      );
      return { ...figures(found), "agreed after the flood, ms": whole(world, 120_000) };
    },
  },
  {
    name: "a-member-floods-bytes",
    about: "one of 20 writes 8 KiB a hundred times a second under new keys: the others go on",
    run: (options) => {
      const { world, hosts } = settledOffice(options, HOSTS);
      const huge = "x".repeat(8_000);
      return figures(
        flood(world, hosts, (flooder, count) => {
          if (count % 20 === 0) flooder.write(`key ${count}`, huge, "batched");
        }),
      );
    },
  },
];
