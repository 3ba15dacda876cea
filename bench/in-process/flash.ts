import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../src/base/time.ts";
import { ORIGINS, type Policy, READING_EVERY_MS, type Written } from "./flash-hour.ts";
import { figure, type Section } from "./section.ts";

const HOURS_A_DAY = 24;
const MINUTES = HOUR_MS / MINUTE_MS;

interface Hour extends Written {
  /** Waits for the disk, where strace could count them. */
  readonly syncs: number | undefined;
}

/** What the store writes for an office, on a real file and injected time. */
export function flash(): Section {
  if (process.platform !== "linux") throw new Error("the kernel's counts are those of Linux");
  const node = hour("node");
  const hours = [
    { title: "the node's own periods", ...node },
    { title: "a commit for each reading", ...hour("at-once") },
  ];
  return {
    title: "Flash",
    head: [
      "",
      "bytes a reading",
      "times ours",
      "commits a minute",
      "disk syncs a minute",
      "MB a day",
    ],
    rows: hours.map(({ title, readings, bytes, commits, syncs }) => [
      title,
      bytes / readings,
      bytes / node.bytes,
      commits / MINUTES,
      syncs === undefined ? "no strace" : syncs / MINUTES,
      (bytes * HOURS_A_DAY) / 1e6,
    ]),
    notes: [
      `${ORIGINS} origins, a reading of each every ${READING_EVERY_MS / SECOND_MS} s, one hour: ` +
        `${figure(node.readings)} readings. Bytes are those handed to the kernel, the log's and ` +
        "the file's; history, which has a file of its own, is not among them. The syncs of the store's opening " +
        "and closing are.",
    ],
  };
}

/** Runs the hour in a process of its own, under strace where there is one. */
function hour(policy: Policy): Hour {
  process.stderr.write(`an hour, ${policy} ...\n`);
  const folder = mkdtempSync(join(tmpdir(), "watercooler-strace-"));
  const log = join(folder, "syncs");
  const child = [process.execPath, process.argv[1] ?? "", "hour", policy];
  const traced = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", log, ...child];
  try {
    const withCount = run(traced);
    if (withCount === undefined) return { ...(run(child) ?? failed(policy)), syncs: undefined };
    const syncs = readFileSync(log, "utf8").match(/f(data)?sync\(/g)?.length ?? 0;
    return { ...withCount, syncs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run([command = "", ...args]: readonly string[]): Written | undefined {
  const done = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return done.status === 0 ? (JSON.parse(done.stdout) as Written) : undefined;
}

function failed(policy: Policy): never {
  throw new Error(`the hour with "${policy}" failed`);
}
