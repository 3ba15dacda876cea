import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadOrMintCertificate } from "../src/trust/certificate.ts";
import { enrol } from "../src/trust/enrol.ts";
import { loadOrCreateIdentity } from "../src/trust/identity.ts";
import { makeRootKey } from "../src/trust/root-key.ts";
import { bareFootprint } from "./bare.ts";
import { chart } from "./chart.ts";
import {
  type AfterKill,
  afterKill,
  atRest,
  coldStart,
  type Effort,
  highestRate,
  type Latency,
  latency,
  type Rest,
} from "./figures.ts";
import { Fleet } from "./fleet.ts";
import { type Document, markdown, type Row } from "./report.ts";
import { ROOT, SYSTEMS, type System } from "./systems.ts";

const USAGE = `npm run bench: all systems in one run on this machine, real processes.

  --nodes 8,16,32     sizes
  --systems LIST      of ${SYSTEMS.map(({ name }) => name).join(", ")}
  --quick             shorter, for a look
  --out FOLDER        writes bench.json, bench.md and bench.svg there
  --json              the figures as JSON on standard output

npm run bench -- in-process: what needs no network, in two minutes; or one part of it:
joins (the replica beside other libraries), simulator (its speed), flash (what the store
writes for a reading) or frames (what a frame allocates). Takes --json too.
`;
const FULL: Effort = { writes: 150, quietS: 6, restS: 25, burstS: 3 };
const QUICK: Effort = { writes: 60, quietS: 4, restS: 15, burstS: 2 };
const MINT = join(ROOT, "dist/app/mint-certificate.js");
/** The size at which half are killed and the highest rate is sought. */
const HARD_SIZE = 16;

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "8,16,32" },
    systems: { type: "string", default: SYSTEMS.map(({ name }) => name).join() },
    quick: { type: "boolean", default: false },
    out: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const sizes = values.nodes.split(",").map(Number);
const systems = values.systems.split(",").map((name) => SYSTEMS.find((one) => one.name === name));
if (systems.includes(undefined) || sizes.some((size) => !(size >= 4 && size <= 64))) {
  console.error(USAGE);
  process.exit(2);
}

const effort = values.quick ? QUICK : FULL;
const address = process.env.BENCH_ADDRESS ?? "127.0.0.1";
const folder = mkdtempSync(join(tmpdir(), "watercooler-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const { root } = makeRootKey();
let current: Fleet | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => void current?.stop().then(() => process.exit(130)));
}

const say = (text: string) => void process.stderr.write(`${text}\n`);

async function measure(system: System, size: number): Promise<Row> {
  say(`${system.title}, ${size}`);
  const place = {
    address,
    folder: join(folder, `${system.name}-${size}`),
    // As on every start but a Pi's first: it has its key, its place and its certificate.
    prepare: async (path: string) => {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      enrol(path, root);
      const identity = loadOrCreateIdentity(path);
      const done = identity.ok ? await loadOrMintCertificate(path, identity.value, MINT) : identity;
      if (!done.ok) throw new Error(done.error);
    },
  };
  const fleet = new Fleet(system, size, place);
  current = fleet;
  const row: { -readonly [Key in keyof Row]: Row[Key] } = { system: system.name, nodes: size };
  try {
    row.coldStartMs = await coldStart(fleet);
    say(`  together after ${(row.coldStartMs / 1_000).toFixed(1)} s`);
    const spread: Latency = await latency(fleet, effort);
    Object.assign(row, spread);
    say(`  everywhere after ${spread.p50Ms.toFixed(1)} ms, p99 ${spread.p99Ms.toFixed(1)} ms`);
    const rest: Rest = await atRest(fleet, effort);
    Object.assign(row, rest);
    if (size !== HARD_SIZE) return row;
    row.highestRate = await highestRate(fleet, effort);
    say(`  keeps up with ${row.highestRate} writes a second`);
    const killed: AfterKill = await afterKill(fleet);
    Object.assign(row, killed);
    say(`  after kill -9 of half, ${(killed.firstSecondShare * 100).toFixed(1)} % in a second`);
  } catch (error) {
    row.failure = (error as Error).message;
    say(`  ${row.failure}`);
  } finally {
    await fleet.stop();
  }
  return row;
}

const rows: Row[] = [];
for (const size of sizes) {
  for (const system of systems) if (system !== undefined) rows.push(await measure(system, size));
}
const document: Document = {
  at: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} cores of ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}`,
  isAlone: process.env.BENCH_ADDRESS !== undefined,
  bare: await bareFootprint(),
  rows,
};
const json = JSON.stringify(document, undefined, 2);
console.log(values.json ? json : markdown(document));
if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, "bench.json"), `${json}\n`);
  writeFileSync(join(values.out, "bench.md"), markdown(document));
  const largest = Math.max(...sizes);
  writeFileSync(join(values.out, "bench.svg"), chart(document, largest));
}
process.exit(0);
