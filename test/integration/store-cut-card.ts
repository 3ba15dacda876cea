import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { silentLog } from "../../src/base/log.ts";
import { randomInt, SeededRandom } from "../../src/base/random.ts";
import { openStore } from "../../src/store/open.ts";
import { assertHistory, HistoryCache } from "./store-history.ts";

// Cuts the power of a writing store: its card is an ext4 image on an XFS that can copy a file in an
// instant; what the copy has is what the card had. Says as JSON what was found on each copy.

const WRITER = fileURLToPath(new URL("./store-writer.js", import.meta.url));
const folder = process.argv[2] ?? "";
const random = new SeededRandom(Number(process.env.STORE_SEED ?? Date.now() % 2 ** 31));
const CUTS = Number(process.env.STORE_CUTS ?? 10);
const WAIT_MS_MAX = 20_000;
/** A cut falls up to this many acknowledgements after the one before. */
const ACKS_MAX = 60;

/** What was acknowledged at the cut and what was on the card, as the last commit's number. */
export interface Cut {
  readonly acknowledged: number;
  readonly acknowledgedDurable: number;
  readonly held: number;
  readonly movedAside: string | null;
}

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: "pipe" });

function until(condition: () => boolean): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (const ends = Date.now() + WAIT_MS_MAX; !condition(); Atomics.wait(cell, 0, 0, 2)) {
    if (Date.now() > ends) throw new Error(`waited ${WAIT_MS_MAX} ms`);
  }
}

function image(file: string, bytes: string, make: readonly string[], at: string): void {
  run("truncate", "-s", bytes, file);
  run(make[0] ?? "", ...make.slice(1), file);
  mkdirSync(at);
  run("mount", "-o", "loop", file, at);
}

function openCopy(copy: string, at: string, history: HistoryCache) {
  mkdirSync(at);
  run("mount", "-o", "loop", copy, at);
  const opened = openStore(join(at, "state.db"), silentLog);
  if (!opened.ok) throw new Error(opened.error);
  const { movedAside } = opened.value.state();
  const held = assertHistory(opened.value.load(), history);
  opened.value.close();
  run("umount", at);
  return { held, movedAside: movedAside ?? null };
}

/** Lets a writer run on a new card and cuts its power `count` times. */
function cutsOf(name: string, durableEvery: number, count: number): readonly Cut[] {
  const card = join(folder, "outer", `${name}.img`);
  image(card, "64M", ["mkfs.ext4", "-q"], join(folder, name));
  const said = join(folder, `${name}.acks`);
  writeFileSync(said, "");
  const args = [WRITER, join(folder, name, "state.db"), String(durableEvery)];
  const stdio = ["ignore", openSync(said, "a"), "inherit"] as const;
  const { pid } = spawn(process.execPath, args, { stdio: [...stdio] });
  if (pid === undefined) throw new Error("the writer did not start");
  const lines = () => readFileSync(said, "utf8").split("\n").filter(Boolean);
  const history = new HistoryCache();
  const cuts: Cut[] = [];
  for (let at = 0, wanted = 0; at < count; at++) {
    wanted = lines().length + 1 + randomInt(random, ACKS_MAX);
    until(() => lines().length >= wanted);
    process.kill(pid, "SIGSTOP");
    until(() => /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
    const acknowledged = lines();
    const copy = join(folder, "outer", `${name}-${at}.img`);
    run("cp", "--reflink=always", card, copy);
    process.kill(pid, "SIGCONT");
    const last = (list: readonly string[]) => Number.parseInt(list.at(-1) ?? "0", 10);
    cuts.push({
      acknowledged: last(acknowledged),
      acknowledgedDurable: last(acknowledged.filter((line) => line.endsWith("durable"))),
      ...openCopy(copy, join(folder, `${name}-${at}`), history),
    });
    rmSync(copy);
  }
  process.kill(pid, "SIGKILL");
  return cuts;
}

image(
  join(folder, "outer.img"),
  "400M",
  ["mkfs.xfs", "-q", "-m", "reflink=1"],
  join(folder, "outer"),
);
const mixed = cutsOf("mixed", 5, CUTS);
const batched = cutsOf("batched", 1e9, 3);
process.stdout.write(JSON.stringify({ mixed, batched }));
