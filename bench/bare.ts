import { execFileSync, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { footprint } from "./fleet.ts";
import { newerNode } from "./newer-node.ts";

const SETTLE_MS = 2_000;

export interface Bare {
  readonly version: string;
  readonly rssBytes: number;
}

/** What Node takes that does nothing: this process's version, and the rivals'. */
export async function bareFootprint(): Promise<Readonly<Record<"same" | "newer", Bare>>> {
  return { same: await bareOf(process.execPath), newer: await bareOf(newerNode()) };
}

async function bareOf(execPath: string): Promise<Bare> {
  const version = execFileSync(execPath, ["--version"], { encoding: "utf8" }).trim();
  const child = spawn(execPath, ["-e", "setInterval(() => {}, 2 ** 30)"], { stdio: "ignore" });
  await sleep(SETTLE_MS);
  const { rssBytes } = footprint(child.pid ?? 0);
  child.kill("SIGKILL");
  return { version, rssBytes };
}
