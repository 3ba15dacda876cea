import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fakeTimeLibrary, type Host } from "../integration/lan.ts";
import { fill, mountTmpfs } from "../integration/small-disks.ts";
import type { Question, Reply } from "./agent.ts";

const AGENT = fileURLToPath(new URL("./agent.js", import.meta.url));
/** Far more than an hour of such a mesh writes, little enough to be filled in a moment. */
const DISK_BYTES = "48M";
const ANSWER_MS_MAX = 4_000;

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });

export interface PiOptions {
  /** "freezable": an ext4 on a loop device, else memory. */
  readonly disk: "freezable" | "memory";
  readonly clock: "ours" | "true";
}

/** A host with a disk of its own, a clock that can be set, and somebody inside who asks its node. */
export class Pi {
  readonly data: string;
  private readonly disk: string;
  private readonly wallFile: string;
  private agent: ChildProcess | undefined;
  private asked = 0;
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private frozen = false;

  constructor(
    readonly host: Host,
    folder: string,
    options: PiOptions,
  ) {
    this.data = join(folder, `data-${host.number}`);
    this.disk = this.data;
    this.wallFile = join(folder, `wall-${host.number}`);
    if (options.disk === "memory") mountTmpfs(this.disk, DISK_BYTES);
    else {
      const image = join(folder, `card-${host.number}.img`);
      mkdirSync(this.disk);
      run("truncate", "-s", DISK_BYTES, image);
      run("mkfs.ext4", "-q", "-m", "0", image);
      run("mount", "-o", "loop", image, this.disk);
    }
    if (options.clock === "ours") {
      this.setClock("+0");
      host.env = {
        LD_PRELOAD: fakeTimeLibrary() ?? "",
        FAKETIME_TIMESTAMP_FILE: this.wallFile,
        FAKETIME_CACHE_DURATION: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      };
    }
  }

  get name(): string {
    return `pi-${this.host.number}`;
  }

  startAgent(): void {
    const command = ["netns", "exec", this.host.name, process.execPath, AGENT];
    const agent = spawn("ip", command, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    agent.on("message", (reply: Reply) => {
      this.waiting.get(reply.id)?.(reply);
      this.waiting.delete(reply.id);
    });
    agent.on("error", () => {});
    this.agent = agent;
  }

  /** Ends all but the node's own process, which must have ended. */
  stop(): void {
    this.agent?.kill("SIGKILL");
    run("umount", "--lazy", this.disk);
  }

  /** Asks the node; status 0 for no answer in time. */
  ask(method: Question["method"], path: string, body?: object): Promise<Reply> {
    const id = ++this.asked;
    const question = {
      ...{ id, method, path, limitMs: ANSWER_MS_MAX },
      body: body === undefined ? undefined : JSON.stringify(body),
    } satisfies Question;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.agent?.send(question);
    });
  }

  /** A document of the node's API, or undefined while it does not answer. */
  async get<T>(path: string): Promise<T | undefined> {
    const { status, text } = await this.ask("GET", path);
    return status === 200 || status === 503 ? (JSON.parse(text) as T) : undefined;
  }

  /** Sets the wall clock of the node's process, in words of libfaketime. */
  setClock(said: string): void {
    writeFileSync(this.wallFile, `${said}\n`);
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    const { pid } = this.host;
    if (pid !== undefined && this.host.isRunning) process.kill(pid, signal);
  }

  fillDisk(): void {
    fill(join(this.disk, "filler"));
  }

  emptyDisk(): void {
    rmSync(join(this.disk, "filler"), { force: true });
  }

  freeze(): void {
    run("fsfreeze", "--freeze", this.disk);
    this.frozen = true;
  }

  thaw(): void {
    if (this.frozen) run("fsfreeze", "--unfreeze", this.disk);
    this.frozen = false;
  }

  /** Drops packets that come to this host; each rule is a match of nftables. */
  dropIncoming(...matches: readonly string[]): void {
    const rules = matches.map((match) => `iifname "eth0" ${match} drop;`).join(" ");
    const chain = `chain in { type filter hook input priority 0; policy accept; ${rules} };`;
    this.nft(`table inet chaos { ${chain} };`);
  }

  takeIncoming(): void {
    this.nft("table inet chaos {}; delete table inet chaos;");
  }

  private nft(script: string): void {
    const command = ["netns", "exec", this.host.name, "nft", "-f", "-"];
    execFileSync("ip", command, { input: `${script}\n`, stdio: ["pipe", "ignore", "pipe"] });
  }

  /** Memory and open files of the node's process now; undefined where it does not run. */
  footprint(): { readonly rssMib: number; readonly fds: number } | undefined {
    const { pid } = this.host;
    if (pid === undefined || !this.host.isRunning) return undefined;
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const rssMib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
      return { rssMib, fds: readdirSync(`/proc/${pid}/fd`).length };
    } catch {
      return undefined;
    }
  }
}
