import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randomInt, SeededRandom } from "../../src/base/random.ts";
import type { Dots } from "./dots.ts";
import type { Pi } from "./pi.ts";
import { type Fault, type FaultKind, versionSignals } from "./plan.ts";
import { changeVersion } from "./versions.ts";

const HOSTILE = fileURLToPath(new URL("./hostile-peer.js", import.meta.url));
const CLOCKS = ["+12y", "-6y", "+90d", "-3h", "+2h", "-20s", "+40s"];
const LOSS_PERCENT_MIN = 5;
const LOSS_PERCENT_SPAN = 30;
/** Bytes that a bad card changes in one file, at most. */
const FLIPS_MAX = 200;

/** What faults are done to. */
export interface Office {
  readonly pis: readonly Pi[];
  /** A further host, for a cloned card or a stranger. */
  readonly visitor: Pi;
  readonly secretFile: string;
  readonly dots: Dots;
}

interface Deed {
  /** Ends what it began; may be called once. */
  end(): Promise<void> | void;
}

/** Begins a fault. What comes back mends it. */
export async function begin(fault: Fault, office: Office): Promise<Deed> {
  return deeds[fault.kind](fault, office, office.pis[fault.node] as Pi);
}

type Begin = (fault: Fault, office: Office, pi: Pi) => Promise<Deed>;

const deeds: Readonly<Record<FaultKind, Begin>> = {
  kill: async (_fault, { dots }, pi) => {
    await pi.host.kill("SIGKILL");
    dots.witness(pi);
    return { end: () => pi.host.start() };
  },
  stop: async (_fault, _office, pi) => {
    pi.signal("SIGSTOP");
    return { end: () => pi.signal("SIGCONT") };
  },
  split: async ({ others }, { pis }) => {
    for (const other of others) pis[other]?.host.plug("br1");
    return {
      end: () => {
        for (const other of others) pis[other]?.host.plug("br0");
      },
    };
  },
  "one-way": async ({ others }, { pis }, pi) => {
    const from = others.flatMap((other) => pis[other]?.host.mac() ?? []);
    return dropping(pi, ...from.map((mac) => `ether saddr ${mac}`));
  },
  loss: async ({ dice }, _office, pi) => {
    const percent = LOSS_PERCENT_MIN + Math.floor(dice * LOSS_PERCENT_SPAN);
    return dropping(pi, `numgen random mod 100 < ${percent}`);
  },
  full: async (_fault, _office, pi) => {
    pi.fillDisk();
    return { end: () => pi.emptyDisk() };
  },
  stall: async (_fault, _office, pi) => {
    pi.freeze();
    return { end: () => pi.thaw() };
  },
  clock: async ({ dice }, _office, pi) => {
    pi.setClock(CLOCKS[Math.floor(dice * CLOCKS.length)] ?? "+1d");
    return { end: () => pi.setClock("+0") };
  },
  corrupt: async ({ dice }, { dots }, pi) => {
    await pi.host.kill(dice < 0.5 ? "SIGTERM" : "SIGKILL");
    dots.witness(pi);
    damage(pi.data, dice);
    pi.host.start();
    return { end: () => {} };
  },
  clone,
  hostile: async ({ dice }, office, pi) => {
    const { host } = office.visitor;
    const words = [HOSTILE, pi.host.address, office.secretFile, String(Math.floor(dice * 2 ** 31))];
    const command = ["netns", "exec", host.name, process.execPath, ...words];
    const child = spawn("ip", command, { stdio: ["ignore", "ignore", "inherit"] });
    return { end: () => ended(child) };
  },
  version: async ({ dice }, { dots }, pi) => {
    const { there, back } = versionSignals(dice);
    await changeVersion(pi, there, dots);
    return { end: () => changeVersion(pi, back, dots) };
  },
};

function dropping(pi: Pi, ...matches: readonly string[]): Deed {
  pi.dropIncoming(...matches);
  return { end: () => pi.takeIncoming() };
}

/** Starts a node twice from one card. The visitor is stopped first, then the other started anew. */
async function clone({ dice }: Fault, office: Office, pi: Pi): Promise<Deed> {
  const { visitor, dots } = office;
  await pi.host.kill(dice < 0.5 ? "SIGTERM" : "SIGKILL");
  dots.witness(pi);
  for (const name of readdirSync(visitor.data)) {
    if (name !== "lost+found") rmSync(join(visitor.data, name), { recursive: true, force: true });
  }
  for (const name of readdirSync(pi.data)) {
    if (name === "lost+found" || name === "filler") continue;
    cpSync(join(pi.data, name), join(visitor.data, name), { recursive: true });
  }
  // What runs on a copied card is what is installed on it.
  visitor.host.program = pi.host.program;
  pi.host.start();
  visitor.host.start();
  return {
    end: async () => {
      await visitor.host.kill("SIGTERM");
      dots.witness(visitor);
      await pi.host.kill("SIGTERM");
      dots.witness(pi);
      pi.host.start();
    },
  };
}

/** Flips bits here and there in the files of a store that is not open. */
function damage(folder: string, dice: number): void {
  const random = new SeededRandom(Math.floor(dice * 2 ** 31));
  const names = ["state.db", "state.db-wal", "history.db"];
  const there = names.filter((name) => existsSync(join(folder, name)));
  for (const name of there) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    if (bytes.length === 0 || (name !== "state.db" && random.next() < 0.5)) continue;
    const flips = 1 + randomInt(random, FLIPS_MAX);
    for (let each = 0; each < flips; each++) {
      const at = randomInt(random, bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << randomInt(random, 8));
    }
    writeFileSync(path, bytes);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGKILL");
  });
}
