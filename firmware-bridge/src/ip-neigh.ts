import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Log } from "../../src/base/log.ts";
import { SECOND_MS } from "../../src/base/time.ts";
import type { InterfaceList } from "./ip-neigh-parse.ts";
import { parseIpNeigh, parseProcArp } from "./ip-neigh-parse.ts";
import type { Neighbour, ReadNeighbours } from "./neighbour.ts";

/** `ip` answers in 2 to 10 ms; a machine that swaps may need far more. A guess. */
const ANSWER_MS_MAX = 5 * SECOND_MS;
/** Some 200 bytes an entry: room for over 20,000. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const ARGUMENTS = ["-s", "-json", "neigh", "show"];

export interface IpNeighOptions {
  /** Interfaces that count; empty means all but loopback. */
  readonly interfaces: InterfaceList;
  readonly log: Log;
  /** What is run before `-s -json neigh show`; tests look into a namespace with it. */
  readonly command?: readonly [string, ...string[]];
  readonly procArpPath?: string;
}

/** Reads the kernel's table through iproute2, or /proc/net/arp where that is not installed. */
export function createIpNeigh(options: IpNeighOptions): ReadNeighbours {
  const { interfaces, log, command = ["ip"], procArpPath = "/proc/net/arp" } = options;
  let warned: "no" | "yes" = "no";
  return async () => {
    const answer = await run(command);
    if (answer !== "not installed") return parseIpNeigh(parseJson(answer.text), interfaces);
    if (warned === "no") {
      log.write("warn", "no ip command: neighbours lack IPv6 and ages, install iproute2");
      warned = "yes";
    }
    return readProcArp(procArpPath, interfaces);
  };
}

async function readProcArp(path: string, interfaces: InterfaceList): Promise<Neighbour[]> {
  try {
    return parseProcArp(await readFile(path, "utf8"), interfaces);
  } catch {
    throw new Error("can't read the neighbour table: install iproute2");
  }
}

function parseJson(text: string): unknown {
  // An empty table is an empty answer in some versions of iproute2.
  if (text.trim() === "") return [];
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("ip neigh gave no JSON: update iproute2");
  }
}

function run(command: readonly [string, ...string[]]): Promise<{ text: string } | "not installed"> {
  const [file, ...before] = command;
  // An ordinary user's PATH may lack where Debian keeps `ip`.
  const env = { ...process.env, LC_ALL: "C", PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` };
  const limits = { timeout: ANSWER_MS_MAX, maxBuffer: ANSWER_BYTES_MAX, env };
  return new Promise((resolve, reject) => {
    execFile(file, [...before, ...ARGUMENTS], limits, (error, stdout, stderr) => {
      if (error === null) resolve({ text: stdout });
      else if (error.code === "ENOENT") resolve("not installed");
      else if (error.killed === true) reject(new Error("ip neigh did not answer in 5 s"));
      else reject(new Error(`ip neigh failed: ${stderr.split("\n", 1)[0] || error.message}`));
    });
  });
}
