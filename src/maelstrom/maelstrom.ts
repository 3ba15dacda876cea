import { randomInt } from "node:crypto";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { SeededRandom } from "../base/random.ts";
import { Server } from "./server.ts";
import { SETTINGS } from "./settings.ts";
import { WORKLOADS } from "./workloads.ts";

// `watercooler maelstrom`: an entry of its own, so that 25 of these fit on a small machine.

const names = Object.keys(WORKLOADS).join(", ");
const USAGE = `Usage: watercooler maelstrom <workload> [--setting messages|latency]

Runs one node of the mesh on standard input and output, for jepsen-io's Maelstrom.
Workloads: ${names}

Example:
  maelstrom test -w broadcast --bin bin/watercooler.js --node-count 25 --time-limit 20 \\
    --rate 100 --latency 100 -- maelstrom broadcast --setting latency
`;
const USAGE_CODE = 2;

function fail(reason: string): never {
  process.stderr.write(`watercooler: ${reason}. See "watercooler maelstrom --help".\n`);
  process.exit(USAGE_CODE);
}

function options(): { readonly workload: string; readonly setting: string } {
  try {
    const { positionals, values } = parseArgs({
      args: process.argv.slice(process.argv[2] === "maelstrom" ? 3 : 2),
      allowPositionals: true,
      options: {
        setting: { type: "string", default: "messages" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    return { workload: positionals.join(" "), setting: values.setting };
  } catch (error) {
    return fail((error as Error).message.split(".")[0] ?? "");
  }
}

function pickOwn<T>(from: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

const given = options();
const workload = pickOwn(WORKLOADS, given.workload) ?? fail(`the workload must be one of ${names}`);
const setting =
  pickOwn(SETTINGS, given.setting) ??
  fail(`--setting must be one of ${Object.keys(SETTINGS).join(", ")}`);
const timing = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (spanMs: number, run: () => void) => {
    const timer = setTimeout(run, spanMs);
    return () => clearTimeout(timer);
  },
};
// The seed only keeps nodes apart; a run on a real network can't be replayed anyway.
const random = new SeededRandom(randomInt(2 ** 48 - 1));
const write = (line: string) => void process.stdout.write(`${line}\n`);
const server = new Server({ workload, setting, timing, random, write });
process.stdout.on("error", () => process.exit(0));
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => server.line(line));
lines.on("close", () => process.exit(0));
