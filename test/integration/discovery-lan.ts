import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DiscoveryState, Hint } from "../../src/link/discovery-port.ts";

const HOST_SCRIPT = fileURLToPath(new URL("./discovery-host.js", import.meta.url));
/** Longest that a test waits for something; most come within a second. */
export const LIMIT_MS = 20_000;

export function ip(...words: string[]): void {
  execFileSync("ip", words, { stdio: "pipe" });
}

/** Why these tests can't run here, or false. */
export function whyNot(...commands: string[]): string | false {
  if (process.getuid?.() !== 0) return "needs root, for network namespaces";
  for (const command of ["ip", ...commands]) {
    const { status } = spawnSync("sh", ["-c", `command -v ${command}`]);
    if (status !== 0) return `needs the command ${command}`;
  }
  const probe = `wcd${process.pid}probe`;
  if (spawnSync("ip", ["netns", "add", probe]).status !== 0) return "needs network namespaces";
  ip("netns", "del", probe);
  return false;
}

export async function until<T>(
  probe: () => T | undefined | false,
  what: string,
  limitMs = LIMIT_MS,
): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Line =
  | { type: "started"; id: string }
  | ({ type: "hint"; self: string } & Hint)
  | { type: "state"; state: DiscoveryState[] }
  | { type: "log"; level: string; message: string };

/** Discovery in a process of its own. */
export class HostProcess {
  readonly lines: Line[] = [];
  private stderr = "";
  readonly child: ChildProcess;

  constructor(space: string, ...words: string[]) {
    const command = ["netns", "exec", space, process.execPath, HOST_SCRIPT, ...words];
    this.child = spawn("ip", command, { stdio: ["pipe", "pipe", "pipe"] });
    const { stdout, stderr } = this.child;
    if (stdout !== null) {
      createInterface({ input: stdout }).on("line", (line) => this.lines.push(JSON.parse(line)));
    }
    stderr?.on("data", (chunk) => {
      this.stderr += chunk;
    });
  }

  of<K extends Line["type"]>(type: K): Extract<Line, { type: K }>[] {
    return this.lines.filter((line): line is Extract<Line, { type: K }> => line.type === type);
  }

  async started(): Promise<string> {
    return (await until(() => this.of("started")[0] ?? this.whyDead(), "a host to start")).id;
  }

  /** The first hint, from line `from` on, that fits. */
  async hint(fits: (hint: Hint) => boolean, what: string, from = 0) {
    return until(
      () =>
        this.lines.slice(from).find((line) => line.type === "hint" && fits(line)) ?? this.whyDead(),
      what,
    );
  }

  async state(): Promise<DiscoveryState[]> {
    const before = this.of("state").length;
    this.say("state");
    return (await until(() => this.of("state")[before] ?? this.whyDead(), "a state")).state;
  }

  say(line: "refresh" | "state"): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async stop(): Promise<void> {
    this.child.stdin?.write("stop\n");
    await until(() => this.child.exitCode !== null, "a host to stop");
  }

  private whyDead(): undefined {
    const error = this.of("log").find(({ level }) => level === "error");
    if (error !== undefined) throw new Error(error.message);
    if (this.child.exitCode === null) return undefined;
    throw new Error(`the host ended by itself (${this.child.exitCode}): ${this.stderr}`);
  }
}

/** Hosts on a bridge, each a network namespace with one NIC `eth0`. */
export class Lan {
  private static made = 0;
  private readonly prefix = `wcd${process.pid}n${Lan.made++}`;
  private readonly bridge = `${this.prefix}b`;
  private readonly spaces: string[] = [];

  constructor(
    hosts: number,
    private readonly families: { readonly ipv6: "with" | "without" },
  ) {
    this.spaces.push(this.bridge);
    ip("netns", "add", this.bridge);
    ip("-n", this.bridge, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0");
    ip("-n", this.bridge, "link", "set", "br0", "up");
    for (let at = 0; at < hosts; at++) {
      ip("netns", "add", this.space(at));
      this.spaces.push(this.space(at));
      this.plugIn(at);
    }
  }

  space(at: number): string {
    return `${this.prefix}h${at}`;
  }

  /** Gives a host its NIC: always the same name and MAC address. */
  plugIn(at: number): void {
    const mac = `02:77:63:64:00:0${at + 1}`;
    const far = ["peer", "name", `p${at}`, "netns", this.bridge];
    ip("link", "add", "eth0", "netns", this.space(at), "address", mac, "type", "veth", ...far);
    if (this.families.ipv6 === "without") {
      const words = ["netns", "exec", this.space(at), "sysctl", "-qw"];
      ip(...words, "net.ipv6.conf.eth0.disable_ipv6=1");
    }
    ip("-n", this.bridge, "link", "set", `p${at}`, "master", "br0", "up");
    ip("-n", this.space(at), "link", "set", "eth0", "up");
  }

  unplug(at: number): void {
    ip("-n", this.space(at), "link", "del", "eth0");
  }

  address(action: "add" | "del", at: number, address: string): void {
    ip("-n", this.space(at), "addr", action, address, "dev", "eth0");
  }

  run(at: number, ...words: string[]): HostProcess {
    return new HostProcess(this.space(at), ...words);
  }

  /** Ends what runs in the namespaces, and removes them. */
  remove(): void {
    for (const space of this.spaces) {
      const pids = spawnSync("ip", ["netns", "pids", space], { encoding: "utf8" }).stdout ?? "";
      for (const pid of pids.split("\n").filter(Boolean)) {
        try {
          process.kill(Number(pid), "SIGKILL");
        } catch {
          // It has ended by itself.
        }
      }
      spawnSync("ip", ["netns", "del", space]);
    }
  }
}
