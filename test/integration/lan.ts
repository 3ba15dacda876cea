import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { enrolIn } from "./enrolled.ts";

/** The built program of this version. */
export const PROGRAM = fileURLToPath(new URL("../../../../bin/watercooler.js", import.meta.url));
/** So that two runs on one machine stay apart. */
export const PREFIX = `wcm-${process.pid}-`;
export const SWITCH = `${PREFIX}lan`;

/** What a command may take on a loaded machine; `join` gives up by itself before. */
const CLI_MS_MAX = 60_000;

export const ip = (...args: string[]) =>
  execFileSync("ip", args, { stdio: ["ignore", "pipe", "ignore"] });

/** Why a LAN of namespaces can't be made here, or false where it can. */
export function lanMissing(): string | false {
  try {
    ip("netns", "add", `${PREFIX}probe`);
    ip("netns", "del", `${PREFIX}probe`);
    execFileSync("curl", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return "needs root, iproute2 and curl for hosts in network namespaces";
  }
}

/** Waits for a condition; throws with what was waited for. Gives the milliseconds it took. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limitMs: number,
  what: string,
): Promise<number> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > limitMs) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return performance.now() - startedMs;
}

const FAKE_TIME_FOLDERS = ["/usr/lib", "/usr/lib64"];

/** Debian's libfaketime, or undefined where there is none. */
export function fakeTimeLibrary(): string | undefined {
  return FAKE_TIME_FOLDERS.filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((triplet) => join(folder, triplet)))
    .map((folder) => join(folder, "faketime/libfaketime.so.1"))
    .find((path) => existsSync(path));
}

/** Why no process can be made to believe in another wall clock here, or false. */
export function fakeTimeMissing(): string | false {
  return fakeTimeLibrary() === undefined && "needs faketime for wrong clocks";
}

/**
 * What makes a process believe in another wall clock; its monotonic one stays true. Not by the
 * program of that name: it stumbles over what processes with its own number left behind.
 */
function fakeTime(wallClock: string | undefined): Record<string, string> {
  if (wallClock === undefined) return {};
  return {
    LD_PRELOAD: fakeTimeLibrary() ?? "",
    FAKETIME: wallClock,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

/** What libfaketime leaves of a killed process, in the way of the next one with its number. */
function dropFakeTime(pid: number | undefined): void {
  for (const name of ["faketime_shm_", "sem.faketime_sem_"]) {
    rmSync(`/dev/shm/${name}${pid}`, { force: true });
  }
}

/** One Pi: a network namespace with a real node process in it. */
export class Host {
  readonly name: string;
  readonly address: string;
  private process: ChildProcess | undefined;
  log = "";
  /** "own": it has to find its way into a mesh by itself. */
  membership: "enrolled" | "own" = "enrolled";
  /** What it runs as a node. */
  program = PROGRAM;
  /** More of its process's environment. */
  env: Readonly<Record<string, string>> = {};

  constructor(
    readonly number: number,
    readonly folder: string,
    private readonly wallClock: string | undefined,
    more: object = {},
  ) {
    this.name = `${PREFIX}${number}`;
    this.address = `10.77.0.${number + 1}`;
    ip("netns", "add", this.name);
    ip("-n", this.name, "link", "set", "lo", "up");
    ip(
      "link",
      "add",
      `wcm${number}`,
      "netns",
      SWITCH,
      "type",
      "veth",
      "peer",
      "eth0",
      "netns",
      this.name,
    );
    ip("-n", this.name, "addr", "add", `${this.address}/24`, "dev", "eth0");
    ip("-n", this.name, "link", "set", "eth0", "up");
    this.plug("br0");
    writeFileSync(
      this.configPath,
      JSON.stringify({
        node: { name: `pi-${number}`, room: `room-${number}` },
        data: join(folder, `data-${number}`),
        sensors: [{ platform: "push", name: "box" }],
        neighbours: { update_interval: "1s" },
        ...more,
      }),
    );
  }

  get configPath(): string {
    return join(this.folder, `pi-${this.number}.yaml`);
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  get isRunning(): boolean {
    return (
      this.process !== undefined &&
      this.process.exitCode === null &&
      this.process.signalCode === null
    );
  }

  /** Puts the host's cable into a bridge. */
  plug(bridge: "br0" | "br1"): void {
    ip("-n", SWITCH, "link", "set", `wcm${this.number}`, "master", bridge, "up");
  }

  start(): void {
    const args = [
      "netns",
      "exec",
      this.name,
      process.execPath,
      this.program,
      "up",
      "--config",
      this.configPath,
    ];
    if (this.membership === "enrolled") {
      enrolIn(join(this.folder, `data-${this.number}`), join(this.folder, "mesh.secret"));
    }
    const env = { ...process.env, ...this.env, ...fakeTime(this.wallClock) };
    this.process = spawn("ip", args, { stdio: ["ignore", "ignore", "pipe"], env });
    this.process.stderr?.on("data", (chunk) => {
      this.log += chunk;
    });
  }

  /** Runs the command line on the host to its end, with the host's own configuration. */
  cli(...words: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const command = ["netns", "exec", this.name, process.execPath, PROGRAM, ...words];
    return spawnSync("ip", command, { encoding: "utf8", timeout: CLI_MS_MAX });
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const { process: child } = this;
    if (child === undefined || !this.isRunning) return;
    await new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill(signal);
    });
    if (this.wallClock !== undefined) dropFakeTime(child.pid);
  }

  /** Gives the host's interface an address on one more network. */
  addAddress(prefix: string): void {
    ip("-n", this.name, "addr", "add", prefix, "dev", "eth0");
  }

  /** Moves the host to another network, from which it reaches a neighbouring one. */
  readdress(prefix: string, neighbour: string): void {
    ip("-n", this.name, "addr", "flush", "dev", "eth0", "scope", "global");
    this.addAddress(prefix);
    ip("-n", this.name, "route", "add", neighbour, "dev", "eth0");
  }

  /** The MAC address that the kernel gave the host's interface. */
  mac(): string {
    const [link] = JSON.parse(String(ip("-n", this.name, "-j", "link", "show", "eth0"))) as [
      { address: string },
    ];
    return link.address;
  }

  /** A document of the host's API, or undefined while it does not answer. */
  get<T>(path: string): T | undefined {
    const out = this.curl(path, []);
    return out === undefined ? undefined : (JSON.parse(out) as T);
  }

  /** What another host answers to this one. */
  getFrom<T>(other: Host, path: string): T | undefined {
    const out = this.curl(path, [], other.address);
    return out === undefined ? undefined : (JSON.parse(out) as T);
  }

  text(path: string): string {
    return this.curl(path, []) ?? "";
  }

  /** Pushes a temperature from the host itself. Gives the HTTP status. */
  push(value: number): string {
    const body = JSON.stringify({ sensor: "box", kind: "temperature", value });
    const args = ["-o", "/dev/null", "-w", "%{http_code}", "-H", "content-type: application/json"];
    return this.curl("/v1/readings", [...args, "-d", body]) ?? "";
  }

  /** Asks from the host itself. Gives the HTTP status and the document, if there is one. */
  send(
    method: "POST" | "PUT" | "DELETE",
    path: string,
    body?: object,
  ): { status: string; text: string } {
    const json = ["-H", "content-type: application/json", "-d", JSON.stringify(body)];
    const args = ["-X", method, "-w", "\n%{http_code}", ...(body === undefined ? [] : json)];
    const [text = "", status = ""] = (this.curl(path, args) ?? "").split(/\n(?=\d+$)/);
    return { status, text };
  }

  private curl(path: string, args: readonly string[], at = "127.0.0.1"): string | undefined {
    try {
      const url = `http://${at}:8080${path}`;
      const all = ["netns", "exec", this.name, "curl", "-s", "-m", "3", ...args, url];
      return execFileSync("ip", all, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    } catch {
      return undefined;
    }
  }
}

/** Hosts on one switch, which can be cut in two. No default route: mDNS has to do without. */
export class Lan {
  readonly folder = mkdtempSync(join(tmpdir(), "watercooler-lan-"));
  readonly hosts: Host[] = [];
  /** The namespace of the switch, through which every packet goes. */
  readonly switchName = SWITCH;

  constructor(clocks: readonly (string | undefined)[], more: object = {}) {
    Lan.sweep();
    ip("netns", "add", SWITCH);
    for (const bridge of ["br0", "br1"]) {
      ip("-n", SWITCH, "link", "add", bridge, "type", "bridge", "mcast_snooping", "0");
      ip("-n", SWITCH, "link", "set", bridge, "up");
    }
    writeFileSync(join(this.folder, "mesh.secret"), generateKeyPem(), { mode: 0o600 });
    for (const [number, clock] of clocks.entries()) {
      this.hosts.push(new Host(number, this.folder, clock, more));
    }
  }

  /** Removes what this run made, and what a run that was killed has left. */
  static sweep(): void {
    for (const [name, pid] of String(ip("netns", "list")).matchAll(/^wcm-(\d+)-\S+/gm)) {
      if (Number(pid) === process.pid || !existsSync(`/proc/${pid}`)) ip("netns", "del", name);
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.kill("SIGKILL")));
    Lan.sweep();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
