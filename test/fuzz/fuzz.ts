// npm run fuzz [-- --parser NAME --count 1000000 --seed S --input I]
import { parseArgs } from "node:util";
import { FuzzFailure, fuzz } from "./fuzz-run.ts";
import { TARGETS } from "./targets.ts";

const PROGRESS_MS = 5_000;

const { values } = parseArgs({
  options: {
    parser: { type: "string" },
    count: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    input: { type: "string" },
  },
});
const chosen = TARGETS.filter(({ name }) => values.parser === undefined || name === values.parser);
if (chosen.length === 0) {
  console.error(
    `no parser ${values.parser}; there are ${TARGETS.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}
// What nobody waits for may fail too.
process.on("unhandledRejection", (error) => {
  throw error;
});
for (const target of chosen) {
  let saidMs = performance.now();
  const progress = (done: number) => {
    if (performance.now() - saidMs < PROGRESS_MS) return;
    saidMs = performance.now();
    console.error(`${target.name}: ${done} inputs`);
  };
  const only = values.input === undefined ? undefined : Number(values.input);
  try {
    const plan = { seed: Number(values.seed), count: Number(values.count), only, progress };
    const { inputs, perSecond, slowestMs, grownBytes } = await fuzz(target, plan);
    console.log(
      `${target.name.padEnd(14)} ${String(inputs).padStart(8)} inputs, ` +
        `${String(Math.round(perSecond)).padStart(7)} a second, ` +
        `slowest ${slowestMs.toFixed(1)} ms, ${Math.round(grownBytes / 1024)} KiB more held`,
    );
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    console.error(`${target.name}: ${error.message}`);
    process.exitCode = 1;
  }
  await target.close?.();
}
