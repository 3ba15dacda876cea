import { type ChildProcess, execFile, spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { SECOND_MS } from "../../../src/base/time.ts";
import type { LineRequest } from "./port.ts";
import { chooseChip, type GpioLine, type Level, type LineEvents, lineError } from "./port.ts";

const SETPRIV = "/usr/bin/setpriv";
/** They answer in 5 ms; a machine that swaps may need far more. A guess. */
const ANSWER_MS_MAX = 5 * SECOND_MS;
/** A line of gpiomon has 2 bytes; what never ends a line is no gpiomon. */
const HELD_CHARS_MAX = 1_024;

/** The tools of Debian's package gpiod; 1.6 and 2.x take their arguments differently. */
export interface GpiodTools {
  readonly version: 1 | 2;
  readonly chips: readonly { readonly label: string; readonly at: string }[];
}

/** What `gpiodetect` and `gpioget` of this machine say. Throws one line where they can't. */
export async function askGpiod(): Promise<GpiodTools> {
  const version = /v(\d+)\./.exec(await run("gpioget", ["--version"]))?.[1];
  const listing = await run("gpiodetect", []);
  const chips = [...listing.matchAll(/^(\S+) \[(.*)\] \(\d+ lines?\)/gm)].map(
    ([, at = "", label = ""]) => ({ at, label }),
  );
  return { version: version === "1" ? 1 : 2, chips };
}

/**
 * Opens a line of the character device through `gpiomon`, one child process a line.
 *
 * The level is read just before, since a line that is watched can't be read by a second process:
 * an edge within those few milliseconds shows only with the next one.
 */
export async function openGpiodLine(request: LineRequest, events: LineEvents): Promise<GpioLine> {
  const tools = await askGpiod();
  const chip = chooseChip(tools.chips, request, "gpiodetect").at;
  const pin = String(request.pin);
  const place = tools.version === 1 ? [chip, pin] : ["--chip", chip, pin];
  const get = tools.version === 1 ? place : ["--numeric", ...place];
  const level = await run("gpioget", get).catch((error: Error) => {
    throw new Error(lineError(request, error.message));
  });
  const flags = tools.version === 1 ? ["--line-buffered"] : ["--edges", "both"];
  const monitor = [...(await leash()), "gpiomon", ...flags, "--format", "%e", ...place];
  const [command = "", ...args] = monitor;
  const child = spawn(command, args, { env: environment() });
  events.level(levelOf(level.trim()));
  return watch(child, request, events);
}

function watch(child: ChildProcess, request: LineRequest, events: LineEvents): GpioLine {
  let state: "open" | "closed" = "open";
  let held = "";
  let complaint = "";
  const end = (detail: string) => {
    if (state === "closed") return;
    state = "closed";
    child.kill();
    events.closed(lineError(request, detail));
  };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (held + text).split("\n");
    held = (lines.pop() ?? "").slice(-HELD_CHARS_MAX);
    for (const line of lines) if (state === "open") events.level(levelOf(line.trim()));
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(0, HELD_CHARS_MAX);
  });
  child.on("error", (error) => end(error.message));
  const gone = new Promise<void>((resolve) => child.on("close", () => resolve()));
  child.on("close", () => end(complaint.trim() || "gpiomon has ended"));
  return {
    close: async () => {
      state = "closed";
      child.kill();
      await gone;
    },
  };
}

/**
 * Ties the child's life to ours: killed outright, we would leave it holding the line, and the next
 * start would find it busy. Of util-linux, which every Debian has.
 */
async function leash(): Promise<readonly string[]> {
  const isThere = await access(SETPRIV, constants.X_OK).then(
    () => true,
    () => false,
  );
  return isThere ? [SETPRIV, "--pdeathsig", "TERM", "--"] : [];
}

/** A rising edge is 1 in both versions, a falling one 0 in the first and 2 in the second. */
function levelOf(text: string): Level {
  return text === "1" ? 1 : 0;
}

function run(command: string, args: readonly string[]): Promise<string> {
  const limits = { timeout: ANSWER_MS_MAX, env: environment() };
  return new Promise((resolve, reject) => {
    execFile(command, args, limits, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") reject(new Error(NOT_INSTALLED));
      else reject(new Error(stderr.split("\n", 1)[0] || error.message));
    });
  });
}

const NOT_INSTALLED =
  "this kernel has no GPIO in sysfs, and gpiomon is missing: sudo apt-get install gpiod";

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: "C" };
}
