import { drawPlan } from "./draw.ts";
import { describeFault } from "./fault.ts";
import type { SimOptions, SimPorts } from "./ports.ts";
import { planDice, runPlan } from "./run-plan.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { only } from "./shrink.ts";
import { STUDIES } from "./studies/all.ts";
import { runSwarm } from "./swarm.ts";
import type { SeedReport } from "./swarm-worker.ts";
import { Violation } from "./violation.ts";

/** Rare states that so many seeds must have gone through, or the swarm looks where nothing is. */
const RARE: readonly string[] = [
  "a clone that was noticed",
  "a core that went on alone",
  "a durable write refused",
  "a full disk",
  "a graft",
  "a message of a later version",
  "a newcomer",
  "a newcomer while paths are cut",
  "a partition",
  "a power cut that took commits",
  "a request refused",
  "a restored backup",
  "an empty active view",
];
const RARE_SEEDS_MIN = 300;

/** How often progress is said where the output is no terminal. */
const PROGRESS_EVERY = 50;

/** Runs the simulator. Gives 0 when all held, 1 where something did not, 2 for no such name. */
export async function simulate(options: SimOptions, ports: SimPorts): Promise<number> {
  if (options.scenario === "list") return list(options, ports);
  if (options.scenario !== undefined) return runNamed(options.scenario, options, ports);
  if (options.seeds === 1) return replay(options, ports);
  return swarm(options, ports);
}

function list({ output }: SimOptions, { stdout }: SimPorts): number {
  const all = [...STUDIES, ...SCENARIOS].map(({ name, about }) => ({ name, about }));
  if (output === "json") stdout(`${JSON.stringify(all, undefined, 2)}\n`);
  else for (const { name, about } of all) stdout(`${name.padEnd(30)} ${about}\n`);
  return 0;
}

function runNamed(name: string, options: SimOptions, ports: SimPorts): number {
  const study = STUDIES.find((one) => one.name === name);
  if (study !== undefined) return study.run(options, ports);
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) {
    ports.stderr(`watercooler: no scenario "${name}": see "watercooler sim --scenario list"\n`);
    return 2;
  }
  const print = options.log === "events" ? { print: lineTo(ports) } : {};
  try {
    const figures = scenario.run({ seed: options.seed, ...print });
    if (options.output === "json") ports.stdout(`${JSON.stringify({ name, ok: true, figures })}\n`);
    else ports.stdout(`${name}: holds\n${figuresText(figures)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    if (options.output === "json") {
      ports.stdout(`${JSON.stringify({ name, ok: false, violation: error.message })}\n`);
    } else ports.stdout(`${name}: ${error.message}\n`);
    ports.stderr(`replay: watercooler sim --scenario ${name} --seed ${options.seed} --log\n`);
    return 1;
  }
}

function figuresText(figures: Readonly<Record<string, number | string>>): string {
  return Object.entries(figures)
    .map(([what, value]) => {
      const shown = typeof value === "number" ? Math.round(value * 100) / 100 : value;
      return `  ${what}: ${shown}\n`;
    })
    .join("");
}

function replay(options: SimOptions, ports: SimPorts): number {
  const drawn = drawPlan(planDice(options.seed), options.seed, options.nodes);
  const plan = options.only === undefined ? drawn : only(drawn, options.only);
  const verdict = runPlan(plan, options.log === "events" ? lineTo(ports) : undefined);
  const { violation, hash, events, settledMs, atMs } = verdict;
  if (options.output === "json") {
    ports.stdout(`${JSON.stringify({ plan, violation, hash, events, settledMs })}\n`);
    return violation === undefined ? 0 : 1;
  }
  const faults = plan.faults.map((fault) => `  ${describeFault(fault)}\n`).join("");
  ports.stdout(`seed ${plan.seed}: ${plan.hosts} hosts, ${plan.mode}, ${plan.framing}\n${faults}`);
  if (violation === undefined) {
    ports.stdout(`holds; settled ${settledMs} ms after the last fault; `);
  } else ports.stdout(`fails at ${(atMs / 1_000).toFixed(1)} s: ${violation.detail}\n`);
  ports.stdout(`${events} events, hash ${hash}\n`);
  return violation === undefined ? 0 : 1;
}

async function swarm(options: SimOptions, ports: SimPorts): Promise<number> {
  const startedMs = ports.monotonicMs();
  const reached = new Map<string, number>();
  const failures: SeedReport[] = [];
  let done = 0;
  let virtualMs = 0;
  const onReport = (report: SeedReport) => {
    done += 1;
    virtualMs += report.verdict.atMs;
    for (const [what, times] of report.verdict.reached) {
      reached.set(what, (reached.get(what) ?? 0) + (times > 0 ? 1 : 0));
    }
    if (report.verdict.violation !== undefined) {
      failures.push(report);
      if (options.output === "text") ports.stdout(failureText(report));
    }
    if (options.output === "json") return;
    if (ports.isTty)
      ports.stderr(`\r${done} of ${options.seeds} seeds, ${failures.length} failed `);
    else if (done % PROGRESS_EVERY === 0) ports.stderr(`${done} of ${options.seeds} seeds\n`);
  };
  const { seed: firstSeed, seeds, nodes } = options;
  const { signal, workers, workerUrl } = ports;
  await runSwarm({ firstSeed, seeds, nodes, workers, workerUrl, signal, onReport });
  if (ports.isTty && options.output === "text") ports.stderr("\n");
  const tookMs = ports.monotonicMs() - startedMs;
  const summary = {
    seeds: done,
    failed: failures.length,
    tookS: Math.round(tookMs / 100) / 10,
    timesRealTime: Math.round(virtualMs / tookMs),
    reached: Object.fromEntries([...reached].sort()),
    never: done < RARE_SEEDS_MIN ? [] : RARE.filter((state) => !reached.has(state)),
    failures: failures.map((report) => ({
      seed: report.verdict.plan.seed,
      violation: report.verdict.violation,
      replay: replayLine(report),
    })),
  };
  if (options.output === "json") ports.stdout(`${JSON.stringify(summary, undefined, 2)}\n`);
  else ports.stdout(summaryText(summary));
  const isGood = failures.length === 0 && done === seeds && summary.never.length === 0;
  return isGood ? 0 : 1;
}

function summaryText(summary: {
  readonly seeds: number;
  readonly failed: number;
  readonly tookS: number;
  readonly timesRealTime: number;
  readonly reached: Readonly<Record<string, number>>;
  readonly never: readonly string[];
}): string {
  const states = Object.entries(summary.reached)
    .map(([what, seeds]) => `  ${String(seeds).padStart(6)} ${what}\n`)
    .join("");
  return (
    `${summary.seeds} seeds in ${summary.tookS} s, ${summary.timesRealTime} times real time: ` +
    `${summary.failed} failed\nseeds that went through\n${states}` +
    summary.never.map((state) => `never reached: ${state}\n`).join("")
  );
}

function failureText(report: SeedReport): string {
  const { plan, violation, atMs } = report.verdict;
  const faults = report.needed
    .map((place) => plan.faults[place])
    .filter((fault) => fault !== undefined)
    .map((fault) => `    ${describeFault(fault)}\n`)
    .join("");
  return (
    `seed ${plan.seed} fails at ${(atMs / 1_000).toFixed(1)} s: ${violation?.detail}\n` +
    `  ${report.needed.length} of ${plan.faults.length} faults are needed:\n${faults}` +
    `  replay: ${replayLine(report)}\n`
  );
}

function replayLine({ verdict, needed }: SeedReport): string {
  const { seed, hosts } = verdict.plan;
  return `watercooler sim --seed ${seed} --nodes ${hosts} --only ${needed.join() || "none"}`;
}

function lineTo({ stdout }: SimPorts): (line: string) => void {
  return (line) => stdout(`${line}\n`);
}
