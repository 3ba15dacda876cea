// npm run chaos -- [--seed S] [--duration 10m] [--nodes 6] [--only kill,split] [--from R] [--rounds N]
//   [--json]: real nodes in network namespaces, one seeded schedule of faults.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fakeTimeMissing } from "../integration/lan.ts";
import { mountsMissing } from "../integration/store-own-mounts.ts";
import { FAULT_KINDS, type FaultKind } from "./plan.ts";
import { asText, summary } from "./report.ts";
import { Chaos, type RoundReport, Violation } from "./run.ts";

const HELP = `npm run chaos -- [options]
  --seed S         fixes the schedule (default: drawn)
  --duration 10m   begins no round after it (s, m or h)
  --nodes 6        so many nodes
  --only A,B       only these faults: ${FAULT_KINDS.join(", ")}
  --from R         begins with round R
  --rounds N       ends after N rounds
  --json           one JSON document on stdout`;
/** Where logs go; set in the process that has namespaces of its own. */
const INSIDE = "WATERCOOLER_CHAOS_INSIDE";
const NODES_MAX = 24;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    duration: { type: "string", default: "10m" },
    nodes: { type: "string", default: "6" },
    only: { type: "string", default: FAULT_KINDS.join(",") },
    from: { type: "string", default: "0" },
    rounds: { type: "string", default: "100000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function wrong(what: string): never {
  console.error(what);
  process.exit(2);
}

function whole(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  return wrong(`--${name} takes a whole number from ${least} to ${most}`);
}

const isKind = (name: string): name is FaultKind => FAULT_KINDS.some((kind) => kind === name);

/**
 * Runs this program again where mounts, processes and network namespaces are its own: the kernel
 * takes them all away when it ends, however it ends. It ends when its input does.
 */
function isolated(): void {
  const lacking = mountsMissing("nft", "fsfreeze", "mkfs.ext4", "ip") || fakeTimeMissing();
  if (lacking !== false) wrong(`chaos ${lacking}`);
  const own = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
  const args = [...own, "--mount-proc", process.execPath, ...process.argv.slice(1)];
  const folder = mkdtempSync(join(tmpdir(), "watercooler-chaos-"));
  const env = { ...process.env, TMPDIR: folder, [INSIDE]: tmpdir() };
  const seeded = ["--seed", values.seed];
  const child = spawn("unshare", [...args, ...seeded], {
    ...{ env, detached: true },
    stdio: ["pipe", "inherit", "inherit"],
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    let asked = 0;
    process.on(signal, () => {
      child.stdin?.end();
      if (++asked > 1) child.kill("SIGKILL");
    });
  }
  child.once("exit", (code) => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(code ?? 1);
  });
}

async function play(logs: string): Promise<number> {
  const seed = whole("seed", values.seed, 0, 2 ** 31);
  const nodes = whole("nodes", values.nodes, 2, NODES_MAX);
  const from = whole("from", values.from, 0, 2 ** 31);
  const [, count = "", unit = ""] = /^(\d+)([smh])$/.exec(values.duration) ?? [];
  const lastMs = performance.now() + Number(count) * (UNIT_MS[unit] ?? 0);
  if (count === "") wrong("--duration takes a number and s, m or h, such as 10m");
  const names = values.only.split(",");
  const kinds = names.filter(isKind);
  if (kinds.length < names.length) wrong(`--only takes ${FAULT_KINDS.join(", ")}`);
  const end = from + whole("rounds", values.rounds, 1, 2 ** 31);

  let isOver = false;
  process.stdin.on("end", () => {
    isOver = true;
  });
  process.stdin.resume();
  const startMs = performance.now();
  const chaos = new Chaos({ seed, nodes, kinds, logs });
  const rounds: RoundReport[] = [];
  let violation: string | null = null;
  try {
    await chaos.start();
    for (let round = from; round < end && !isOver && performance.now() < lastMs; round++) {
      const done = await chaos.round(round, () => isOver);
      if (done === undefined) break;
      rounds.push(done);
      const ms = Math.round(done.convergedMs);
      console.error(`round ${round}: ${done.kinds.join(", ")}: equal again after ${ms} ms`);
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  } finally {
    await chaos.stop();
  }
  const only = values.only === FAULT_KINDS.join(",") ? "" : ` --only ${values.only}`;
  const failing = (rounds.at(-1)?.round ?? from - 1) + 1;
  const document = summary(rounds, {
    ...{ seed, nodes, violation, dots_seen: chaos.dotCount },
    took_s: Math.round((performance.now() - startMs) / 1_000),
    replay: `npm run chaos -- --seed ${seed} --nodes ${nodes}${only} --from ${failing} --rounds 1`,
  });
  console.log(values.json ? JSON.stringify(document, undefined, 2) : asText(document));
  return violation === null ? 0 : 1;
}

if (values.help) console.log(HELP);
else {
  const logs = process.env[INSIDE];
  if (logs === undefined) isolated();
  else process.exit(await play(logs));
}
