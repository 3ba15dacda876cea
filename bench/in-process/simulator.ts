import { SECOND_MS } from "../../src/base/time.ts";
import type { Framing } from "../../src/sim/frames.ts";
import { World } from "../../src/sim/world.ts";
import { cpuSeconds } from "./cpu.ts";
import type { Section } from "./section.ts";

const NODES = 100;
const SEED = 1;
const SPAN_MS = 10 * SECOND_MS;
/** In a span each node has one reading, one node after the other. */
const PAUSE_MS = SPAN_MS / NODES;

/** How fast an office goes by that is simulated with the daemon's own core, checks and all. */
export function simulator(): Section {
  return {
    title: "Simulator",
    head: [
      `${NODES} nodes`,
      "simulated seconds a second",
      "events a second",
      "frames a second",
      "events in it",
    ],
    rows: [...tenSeconds("by-reference"), ...tenSeconds("encoded")],
    notes: [
      `${SPAN_MS / SECOND_MS} simulated seconds, one core, seed ${SEED}; each invariant is ` +
        "checked as it runs. A second is one of the process's CPU time.",
    ],
  };
}

function tenSeconds(framing: Framing): readonly (readonly (string | number)[])[] {
  const world = new World({ seed: SEED, framing });
  const hosts = world.office(NODES);
  const how = framing === "encoded" ? "frames as bytes" : "frames by reference";
  const measured = (what: string, job: () => void) => {
    process.stderr.write(`${what}, ${how} ...\n`);
    const { ran } = world.scheduler;
    const { frames } = world.network;
    const spent = cpuSeconds(job);
    const events = world.scheduler.ran - ran;
    return [
      `${what}, ${how}`,
      SPAN_MS / SECOND_MS / spent,
      events / spent,
      (world.network.frames - frames) / spent,
      events,
    ];
  };
  const started = measured("all start at once", () => world.run(SPAN_MS));
  const working = measured("each has a reading", () => {
    for (const [at, host] of hosts.entries()) {
      host.write("reading/bme280/temperature", String(at), "batched");
      world.run(PAUSE_MS);
    }
  });
  return [started, working];
}
