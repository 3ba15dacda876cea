import { execFile } from "node:child_process";

/** A guess: each of them answers at once, or never. */
const COMMAND_MS_MAX = 3_000;

/** Asks a program of this machine: what it printed, nothing where it is not there or fails. */
export type Run = (command: string, ...args: readonly string[]) => Promise<string>;

export const runProgram: Run = (command, ...args) =>
  new Promise((resolve) => {
    execFile(command, args, { timeout: COMMAND_MS_MAX }, (error, stdout) =>
      resolve(error === null ? stdout.trim() : ""),
    );
  });
