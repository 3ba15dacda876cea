import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { folder, PROGRAM, until } from "./cli-harness.ts";

/** Takes datagrams as systemd does, one line of JSON each: Node has no way to. */
const RECEIVER = `
import json, socket, sys
taker = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
taker.bind(sys.argv[1])
print("null", flush=True)
while True:
    print(json.dumps(taker.recv(65536).decode()), flush=True)
`;

/** What a service was told of a node, and when. */
export interface Heard {
  readonly atMs: number;
  readonly lines: readonly string[];
}

/** A real node as systemd runs it: with a socket to speak to, and no terminal. */
export class ServedNode {
  readonly heard: Heard[] = [];
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(
    socket: string,
    readonly config: string,
    private readonly faultFile: string,
    watchdogMs: number,
  ) {
    const fault = fileURLToPath(new URL("service-fault.js", import.meta.url));
    const { NODE_OPTIONS = "" } = process.env;
    const journal = openSync(this.logFile, "w");
    const { dev, ino } = fstatSync(journal);
    this.child = spawn(process.execPath, [PROGRAM, "up", "--config", config], {
      stdio: ["ignore", "ignore", journal],
      // A session of its own: a terminal from which tests are run is not the node's.
      detached: true,
      env: {
        ...process.env,
        JOURNAL_STREAM: `${dev}:${ino}`,
        NOTIFY_SOCKET: socket,
        WATCHDOG_USEC: String(watchdogMs * 1_000),
        FAULT_FILE: faultFile,
        NODE_OPTIONS: `${NODE_OPTIONS} --import=${fault}`,
      },
    });
    closeSync(journal);
    this.ended = new Promise((resolve) => this.child.once("close", (code) => resolve(code)));
  }

  /** What it has said to the journal. */
  get log(): string {
    return readFileSync(this.logFile, "utf8");
  }

  private get logFile(): string {
    return `${this.config}.log`;
  }

  /** Makes the node misbehave: "mute", "speak" or "block MS". */
  fault(what: string): void {
    writeFileSync(this.faultFile, what);
    this.child.kill("SIGUSR2");
  }

  count(line: string): number {
    return this.heard.filter(({ lines }) => lines.includes(line)).length;
  }

  /** The last STATUS= that was told. */
  get status(): string {
    const all = this.heard.flatMap(({ lines }) => lines);
    return all.findLast((line) => line.startsWith("STATUS=")) ?? "";
  }

  /** Where its API answers, as it told systemd. */
  get api(): string {
    const all = this.heard.flatMap(({ lines }) => lines);
    const serving = all.findLast((line) => line.startsWith("STATUS=serving")) ?? "";
    return /http:\/\/[^/]+/.exec(serving)?.[0] ?? "";
  }

  /** Asks for a reload and waits until it is done. */
  async reload(): Promise<void> {
    const before = this.count("READY=1");
    this.child.kill("SIGHUP");
    await until(`a reload is done:\n${this.log}`, () => this.count("READY=1") > before);
  }
}

/** Starts a node of a configuration, told of which is kept as `heard`. */
export async function serve(
  context: TestContext,
  config: object,
  watchdogMs: number,
): Promise<ServedNode> {
  const place = folder(context);
  const socket = join(place, "notify");
  const receiver = spawn("python3", ["-c", RECEIVER, socket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: receiver.stdout });
  let isBound = false;
  let node: ServedNode | undefined;
  lines.on("line", (line) => {
    const told = JSON.parse(line) as string | null;
    isBound = true;
    if (told !== null) node?.heard.push({ atMs: performance.now(), lines: told.split("\n") });
  });
  await until("the receiver is there", () => isBound);
  const path = join(place, "watercooler.yaml");
  writeFileSync(path, JSON.stringify({ data: join(place, "data"), ...config }));
  const made = new ServedNode(socket, path, join(place, "fault"), watchdogMs);
  node = made;
  context.after(async () => {
    made.child.kill("SIGKILL");
    await made.ended;
    receiver.kill("SIGKILL");
  });
  await until(`the node is ready:\n${made.log}`, () => {
    assert.equal(made.child.exitCode, null, made.log);
    return made.count("READY=1") > 0;
  });
  return made;
}
