import { fileURLToPath } from "node:url";
import { checkCounter, checkSet } from "./maelstrom-checkers.ts";
import { type RunOptions, run, type WorkloadName } from "./maelstrom-run.ts";

// `npm run maelstrom`: the full runs, printed beside the public marks (Gossip Glomers, challenges
// 3d and 3e: fly.io/dist-sys). Words choose among the runs by name.

const PROGRAM = fileURLToPath(new URL("../../../app/maelstrom.js", import.meta.url));
const GLOMERS = {
  nodes: 25,
  latency: { kind: "constant", meanMs: 100 },
  ratePerSecond: 100,
  lastsMs: 20_000,
} as const;
const MARKS = {
  messages: "marks of 3e: under 20 messages, median under 1,000 ms, maximum under 2,000 ms",
  latency: "marks of 3d: under 30 messages, median under 400 ms, maximum under 600 ms",
} as const;

interface Planned {
  readonly name: string;
  readonly note?: string;
  readonly options: Omit<RunOptions, "seed">;
}

function planned(
  workload: WorkloadName,
  setting: keyof typeof MARKS,
  rest: Partial<RunOptions> = {},
): Planned {
  const faults = [
    rest.latency === undefined ? "" : ` ${rest.latency.kind}`,
    rest.loss === undefined ? "" : ` loss ${rest.loss}`,
    rest.partitionEveryMs === undefined ? "" : " partitions",
  ].join("");
  const command = [process.execPath, PROGRAM, workload, "--setting", setting] as const;
  const options = { ...GLOMERS, ...rest, workload, command };
  const name = `${workload} ${setting}${faults}`;
  return workload === "broadcast" && faults === ""
    ? { name, note: MARKS[setting], options }
    : { name, options };
}

const PARTITIONS = { partitionEveryMs: 5_000 };
const RUNS: readonly Planned[] = [
  planned("broadcast", "messages"),
  planned("broadcast", "latency"),
  planned("broadcast", "latency", { latency: { kind: "uniform", meanMs: 100 } }),
  planned("broadcast", "latency", { latency: { kind: "exponential", meanMs: 100 } }),
  planned("broadcast", "messages", PARTITIONS),
  planned("broadcast", "latency", PARTITIONS),
  planned("broadcast", "messages", { loss: 0.1 }),
  planned("g-set", "messages", PARTITIONS),
  planned("g-counter", "messages", PARTITIONS),
  planned("pn-counter", "messages", PARTITIONS),
];

const words = process.argv.slice(2).join(" ");
const seed = Number(process.env.SEED ?? 1);
let failed = 0;
const exact = RUNS.filter(({ name }) => name === words);
const chosen = exact.length > 0 ? exact : RUNS.filter(({ name }) => name.startsWith(words));
for (const { name, note, options } of chosen) {
  const result = await run({ ...options, seed }).catch((error: Error) => error);
  if (result instanceof Error) {
    console.log(`${name}: ${result.message}`);
    failed += 1;
    continue;
  }
  const isCounter = options.workload.endsWith("counter");
  const operations = result.history.length;
  const traffic =
    `${operations} operations, ${result.messagesPerOperation.toFixed(2)} messages and ` +
    `${Math.round(result.bytesPerOperation)} bytes each, ${result.partitions} partitions`;
  const { before, during, after } = result.phases;
  console.log(`${name}: ${traffic}`);
  console.log(
    `  messages: ${before} before, ${during} during, ${after} after the load; ` +
      `the router was late by up to ${Math.round(result.lateMsMax)} ms`,
  );
  if (note !== undefined) console.log(`  ${note}`);
  if (isCounter) {
    const { valid, definite, unknown, errors } = checkCounter(result.history);
    console.log(`  valid ${valid}; sum ${definite}, ${unknown} unsure, wrong [${errors}]`);
    if (!valid) failed += 1;
  } else {
    const verdict = checkSet(result.history);
    const latencies = Object.entries(verdict.stableLatenciesMs)
      .sort(([left], [right]) => Number(left) - Number(right))
      .map(([quantile, ms]) => `${quantile}: ${Math.round(ms)}`);
    console.log(
      `  valid ${verdict.valid}; ${verdict.attempts} adds, ${verdict.stable} stable, ` +
        `${verdict.lost.length} lost, ${verdict.neverRead} never read; ` +
        `stable latencies ms {${latencies.join(", ")}}`,
    );
    if (!verdict.valid) failed += 1;
  }
  for (const complaint of result.complaints.slice(0, 10)) console.log(`  ${complaint}`);
  if (result.complaints.length > 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
