import { existsSync, readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { fileURLToPath } from "node:url";
import type { Level, Log } from "./base/log.ts";
import type { Clock } from "./base/time.ts";
import { runCli } from "./cli/program.ts";
import { runDemo } from "./demo.ts";
import { startNode } from "./run-node.ts";

// The only place where a clock, a log, signals and the process are touched; all else is handed in.

const clock: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
const version = packageVersion();
const quit = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => quit.abort());
// `watercooler rooms | head` closes our output: that is no error.
process.stdout.on("error", () => process.exit(0));

process.exitCode = await runCli(process.argv.slice(2), {
  version,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isTty: process.stdout.isTTY === true,
  columns: process.stdout.columns ?? 100,
  env: process.env,
  hostname: hostname(),
  homedir: homedir(),
  cwd: process.cwd(),
  schemaPath: fileURLToPath(new URL("../watercooler.schema.json", import.meta.url)),
  signal: quit.signal,
  monotonicMs: clock.monotonicMs,
  runNode: async (config) => {
    const log = createLog(config.logLevel);
    const started = await startNode(config, { clock, log, version });
    if (!started.ok) {
      process.stderr.write(`watercooler: ${started.error}\n`);
      return 1;
    }
    const { apiAddresses, meshAddresses, stop } = started.value;
    log.write("info", "ready", { api: apiAddresses.join(), mesh: meshAddresses.join() });
    await new Promise<void>((resolve) => {
      if (quit.signal.aborted) resolve();
      quit.signal.addEventListener("abort", () => resolve());
    });
    await stop();
    return 0;
  },
  runDemo: (options) =>
    runDemo(options, {
      program: process.argv[1] ?? "",
      stdout: (text) => void process.stdout.write(text),
      stderr: (text) => void process.stderr.write(text),
      signal: quit.signal,
    }),
});
// Whatever a library still holds open must not keep a finished command alive.
process.exit();

/** Lines for journald: its own level first where it reads us, so that levels work there. */
function createLog(least: Level): Log {
  const levels: readonly Level[] = ["debug", "info", "warn", "error"];
  const priorities = { debug: 7, info: 6, warn: 4, error: 3 } as const;
  const journald = process.env.JOURNAL_STREAM !== undefined;
  return {
    write: (level, message, fields = {}) => {
      if (levels.indexOf(level) < levels.indexOf(least)) return;
      const details = Object.entries(fields).map(([key, value]) => ` ${key}=${oneLine(value)}`);
      const start = journald ? `<${priorities[level]}>` : `${level.padEnd(5)} `;
      process.stderr.write(`${start}${oneLine(message)}${details.join("")}\n`);
    },
  };
}

/** What a peer or a sensor said must not draw on the operator's terminal. */
function oneLine(text: string | number): string {
  return String(text)
    .replace(/\p{Cc}/gu, "?")
    .slice(0, 300);
}

function packageVersion(): string {
  for (const up of ["../../package.json", "../../../package.json"]) {
    const path = fileURLToPath(new URL(up, import.meta.url));
    if (existsSync(path))
      return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
  }
  return "0.0.0";
}
