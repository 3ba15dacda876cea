import { closeSync, existsSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, homedir, hostname } from "node:os";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Level, Log } from "./base/log.ts";
import type { Result } from "./base/result.ts";
import type { Clock } from "./base/time.ts";
import { CliError, EXIT, type NodeRunOptions } from "./cli/deps.ts";
import { runCli } from "./cli/program.ts";
import type { Config } from "./config/config.ts";
import { runDemo } from "./demo.ts";
import { demoChannel } from "./demo-cut.ts";
import { runService } from "./run-service.ts";
import type { SimPorts } from "./sim/ports.ts";

// The only place where a clock, a log, signals and the process are touched; all else is handed in.

const clock: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
const version = packageVersion();
const quit = new AbortController();
let isHungUp = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    isHungUp = signal === "SIGHUP";
    quit.abort();
  });
}
// The demo that started this node is gone, however it went.
process.on("disconnect", () => quit.abort());
process.channel?.unref();
// `watercooler rooms | head` closes our output: that is no error.
process.stdout.on("error", () => process.exit(0));
process.stderr.on("error", () => {});

const stdout = (text: string) => void process.stdout.write(text);
const stderr = (text: string) => void process.stderr.write(text);

process.exitCode = await runCli(process.argv.slice(2), {
  version,
  stdout,
  stderr,
  isTty: process.stdout.isTTY === true,
  columns: process.stdout.columns ?? 0,
  env: process.env,
  hostname: hostname(),
  homedir: homedir(),
  cwd: process.cwd(),
  schemaPath: fileURLToPath(new URL("../watercooler.schema.json", import.meta.url)),
  signal: quit.signal,
  runNode,
  runDemo: (options) =>
    runDemo(options, { program: process.argv[1] ?? "", stdout, stderr, signal: quit.signal }),
  join: async (config, by) => {
    const { joinMesh } = await import("./join.ts");
    const log = createLog("warn", config.logFormat);
    return orFail(await joinMesh(config, by, { clock, log, signal: quit.signal, readSecret }));
  },
  rekey: async (config) => orFail((await import("./join.ts")).rekey(config)),
  backup: async (loaded, how) => {
    const { backUp } = await import("./back-up.ts");
    return orFail(await backUp(loaded, how, { version, wallMs: clock.wallMs() }));
  },
  restore: async (config, how) =>
    orFail(await (await import("./back-up.ts")).restoreFrom(config, how)),
  rootKey: async (config, act) => orFail((await import("./join.ts")).rootKey(config, act)),
  simulate: async (options) => {
    const { simulate } = await import("./sim/command.ts");
    return simulate(options, simPorts());
  },
});
// Node aborts where it can't give a closed terminal its settings back: so it ends by the signal.
if (isHungUp) {
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}
await written(process.stdout);
// Whatever a library still holds open must not keep a finished command alive.
process.exit();

function simPorts(): SimPorts {
  const bundled = import.meta.url.includes("/dist/app/");
  return {
    stdout,
    stderr,
    isTty: process.stderr.isTTY === true,
    monotonicMs: clock.monotonicMs,
    signal: quit.signal,
    workers: availableParallelism(),
    workerUrl: new URL(bundled ? "./swarm-worker.js" : "./sim/swarm-worker.js", import.meta.url),
    memoryMb: () => Math.round(process.memoryUsage.rss() / 1e6),
    writeFile: writeFileSync,
  };
}

/** A pipe takes what was written in its own time; leaving before would cut a document off. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}

function runNode(config: Config, run: NodeRunOptions): Promise<number> {
  const demo = demoChannel();
  // Whoever closes a terminal ends what runs in it; a service has none, and is told to reload.
  const reloads = demo === undefined && !hasTerminal();
  return runService(config, run, {
    ...{ clock, version, signal: quit.signal, demo, stdout, env: process.env },
    logOf: ({ logLevel, logFormat }) => createLog(logLevel, logFormat),
    fail: (reason) => stderr(`watercooler: ${oneLine(reason)}\n`),
    onReload: reloads ? onHangUp : undefined,
    // A journal keeps what it is told: there the key waits in a file until somebody takes it.
    ...(process.stderr.isTTY === true && { tellRootKey }),
  });
}

function onHangUp(listener: () => void): void {
  process.removeAllListeners("SIGHUP");
  process.on("SIGHUP", listener);
}

/** Whether this process ends with a terminal, also where all its streams lead elsewhere. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}

function orFail<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new CliError(EXIT.failed, oneLine(result.error));
}

/** A line from the terminal, not shown while it is typed, or from a pipe. */
async function readSecret(prompt: string): Promise<string> {
  const { createInterface } = await import("node:readline");
  const isTyped = process.stdin.isTTY === true;
  if (isTyped) stderr(prompt);
  const shown = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: shown, terminal: isTyped });
  for await (const line of lines) {
    lines.close();
    if (isTyped) stderr("\n");
    return line;
  }
  return "";
}

/** The one time that a person sees a new mesh's root key. */
function tellRootKey(text: string, mesh: string): void {
  stderr(
    `\nThis is the root key of the new mesh ${mesh}. It is kept on no machine: write it down.\n` +
      "It is needed only when every node that may let others in is lost.\n\n" +
      `    ${text}\n\n` +
      'To use it then: "watercooler join --root-key". ' +
      'To let the next Pi in: "watercooler invite".\n\n',
  );
}

/** Lines for journald: its own level first where it reads us, so that levels work there. */
function createLog(least: Level, format: "text" | "json"): Log {
  const levels: readonly Level[] = ["debug", "info", "warn", "error"];
  const priorities = { debug: 7, info: 6, warn: 4, error: 3 } as const;
  const journald = isJournal();
  return {
    write: (level, message, fields = {}) => {
      if (levels.indexOf(level) < levels.indexOf(least)) return;
      if (format === "json") {
        const at = new Date(clock.wallMs()).toISOString();
        stderr(`${JSON.stringify({ ...fields, at, level, message })}\n`);
        return;
      }
      const details = Object.entries(fields).map(([key, value]) => ` ${key}=${oneLine(value)}`);
      const start = journald ? `<${priorities[level]}>` : `${level.padEnd(5)} `;
      stderr(`${start}${oneLine(message)}${details.join("")}\n`);
    },
  };
}

/** Whether the journal reads our errors, and not just those of some process that started us. */
function isJournal(): boolean {
  const { dev, ino } = fstatSync(process.stderr.fd);
  return process.env.JOURNAL_STREAM === `${dev}:${ino}`;
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
