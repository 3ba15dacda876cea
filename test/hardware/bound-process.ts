import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** QEMU and a node need well under a second. A guess with room. */
const END_MS_MAX = 5_000;

export type BoundProcess = ChildProcessByStdio<null, Readable, Readable>;

/** Starts a process that the kernel ends with ours, however ours ends. */
export function spawnBound(command: readonly string[]): BoundProcess {
  const args = ["--pdeathsig", "KILL", ...command];
  return spawn("setpriv", args, { stdio: ["ignore", "pipe", "pipe"] });
}

/** Asks it to end, then makes it, and waits until it has. */
export async function endProcess(child: BoundProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const harder = setTimeout(() => child.kill("SIGKILL"), END_MS_MAX);
  await gone;
  clearTimeout(harder);
}
