import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

export const PROGRAM = fileURLToPath(new URL("../../../../bin/watercooler.js", import.meta.url));
/** What any wait may take on a loaded machine. */
export const WAIT_MS_MAX = 30_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real process of the program. */
export class Cli {
  stdout = "";
  stderr = "";
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = "/") {
    const clean = { PATH: process.env.PATH ?? "", HOME: "/dev/null", ...env };
    this.child = spawn(process.execPath, [PROGRAM, ...args], { env: clean, cwd });
    this.child.stdout?.on("data", (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        const { stdout, stderr } = this;
        resolve({ code, signal, stdout, stderr });
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends it as Ctrl-C does; gives how it ended and how long that took. */
  async interrupt(): Promise<Ended & { readonly tookMs: number }> {
    const startMs = performance.now();
    this.child.kill("SIGINT");
    const ended = await this.ended;
    return { ...ended, tookMs: performance.now() - startMs };
  }
}

/** Starts the program; whatever is left of it when the test ends is killed. */
export function start(
  context: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = "/",
): Cli {
  const cli = new Cli(args, env, cwd);
  context.after(async () => {
    cli.child.kill("SIGKILL");
    await cli.ended;
  });
  return cli;
}

/** Runs the program to its end; one that does not end is killed, and has no code then. */
export async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = "/",
): Promise<Ended> {
  const cli = new Cli(args, env, cwd);
  const kill = setTimeout(() => cli.child.kill("SIGKILL"), WAIT_MS_MAX);
  const ended = await cli.ended;
  clearTimeout(kill);
  return ended;
}

/** Checks that it failed with a code and a single line, and nothing else. */
export function assertFailed(ended: Ended, code: number, says: RegExp): void {
  assert.equal(ended.code, code, `${ended.stdout}${ended.stderr}`);
  assert.match(ended.stderr, /^watercooler: [^\n]+\n$/);
  assert.match(ended.stderr, says);
  assertNoTrace(ended);
  assert.equal(ended.stdout, "");
}

/** No stack trace, neither Node's own nor one that somebody printed. */
export function assertNoTrace({ stdout, stderr }: Pick<Ended, "stdout" | "stderr">): void {
  assert.doesNotMatch(stdout + stderr, /^\s+at |\.[jt]s:\d+|Node\.js v\d|node:internal|Error:/m);
}

export async function until(what: string, holds: () => boolean): Promise<void> {
  const startMs = performance.now();
  while (!holds()) {
    if (performance.now() - startMs > WAIT_MS_MAX) assert.fail(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A folder that is gone when the test ends. */
export function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "watercooler-cli-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Writes a configuration; JSON is YAML too. */
export function writeConfig(path: string, config: object | string): string {
  writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
  return path;
}

export interface FakeNode {
  readonly url: string;
  readonly asked: readonly string[];
  readonly server: Server;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
export type Answers = Readonly<Record<string, unknown>>;

/** A server that answers paths with documents; a handler in place of one answers by itself. */
export async function fakeNode(context: TestContext, answers: Answers): Promise<FakeNode> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const answer = answers[path] ?? answers["*"];
    if (typeof answer === "function") return (answer as Handler)(request, response);
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { title: "Not Found", detail: "there is nothing here" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, server };
}

/** Answers with a problem of RFC 9457. */
export function refusing(status: number, detail: string): Handler {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/problem+json" });
    response.end(JSON.stringify({ type: "about:blank", status, title: "No", detail }));
  };
}

/** The processes whose command line has a text in it. */
export function processesWith(text: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}
