import { flash } from "./flash.ts";
import { type Policy, writeHour } from "./flash-hour.ts";
import { frames } from "./frames.ts";
import { joins } from "./joins.ts";
import { markdown, type Section } from "./section.ts";
import { simulator } from "./simulator.ts";

/** The parts by name; scripts/bench.mjs starts each in a process of its own. */
const PARTS: Readonly<Record<string, () => Section | Promise<Section>>> = {
  joins,
  simulator,
  flash,
  frames,
};

const [name = "", policy] = process.argv.slice(2);
const output = process.argv.includes("--json") ? "json" : "markdown";
if (name === "hour") {
  // A process of "flash".
  console.log(JSON.stringify(writeHour(policy as Policy)));
} else {
  const section = await PARTS[name]?.();
  if (section === undefined) throw new Error(`no part "${name}"`);
  console.log(output === "json" ? JSON.stringify(section) : markdown(section));
}
