import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { pick, type Random, randomInt, SeededRandom } from "../../src/base/random.ts";
import { changeBytes, INPUT_BYTES_MAX } from "./mutate-bytes.ts";
import { changeFields } from "./mutate-fields.ts";
import { changeText } from "./mutate-text.ts";
import type { FuzzTarget } from "./target.ts";

/** No input may hold a node longer. */
export const INPUT_MS_MAX = 100;
/** An input that took longer is tried again: a busy machine is slow once, a bad parser each time. */
const SLOW_TRIES = 5;
/** On a busy machine the processor's time counts then; but who waits so long hangs. A guess. */
const HANG_MS = 10_000;
/** What is held after so many inputs is what the parser keeps for good: caches and the like. */
const WARM_INPUTS = 200_000;
/** What may then still be added over all others. A leak of 16 bytes an input shows in a million. */
const GROWTH_BYTES_MAX = 4 * 1024 * 1024;
const CHANGES_MAX = 6;
/** Seeds of neighbouring runs never meet. */
const SEED_STEP = 2 ** 24;

/** The corpus lies beside the sources: tests run from the repository's root. */
const CORPUS = "test/fuzz/corpus";

export interface FuzzPlan {
  readonly seed: number;
  /** Inputs after those of the corpus itself. */
  readonly count: number;
  /** One of them alone, to see a failure again. */
  readonly only?: number | undefined;
  /** What one input may take, in milliseconds; INPUT_MS_MAX unless told. */
  readonly msMax?: number;
  readonly progress?: (done: number) => void;
}

export interface FuzzFigures {
  readonly inputs: number;
  readonly perSecond: number;
  readonly slowestMs: number;
  readonly grownBytes: number;
}

/** A parser did what it must not; the message says how to see it again. */
export class FuzzFailure extends Error {
  constructor(
    readonly what: string,
    replay: string,
    readonly input: Uint8Array,
  ) {
    super(`${what}\nsee it again: ${replay}\ninput: ${shown(input)}`);
  }
}

/** The committed samples of a parser. */
export function corpusOf(name: string): readonly { name: string; bytes: Uint8Array }[] {
  const folder = join(CORPUS, name);
  return readdirSync(folder)
    .sort()
    .map((file) => ({ name: file, bytes: new Uint8Array(readFileSync(join(folder, file))) }));
}

/** Feeds a parser its corpus, then changed samples. Rejects with a FuzzFailure. */
export async function fuzz(target: FuzzTarget, plan: FuzzPlan): Promise<FuzzFigures> {
  const corpus = corpusOf(target.name);
  const samples = corpus.map(({ bytes }) => bytes);
  const startedMs = performance.now();
  let slowestMs = 0;
  let warmBytes: number | undefined;
  const one = async (input: Uint8Array, replay: string) => {
    slowestMs = Math.max(slowestMs, await feed(target, input, replay, plan.msMax));
  };
  for (const { name, bytes } of plan.only === undefined ? corpus : []) {
    await one(bytes, `the corpus file ${name}`);
  }
  const first = plan.only ?? 0;
  const last = plan.only === undefined ? plan.count : plan.only + 1;
  for (let at = first; at < last; at++) {
    if (at === Math.min(WARM_INPUTS, Math.floor(plan.count / 2))) warmBytes = heldBytes();
    const input = inputAt(target, samples, plan.seed, at);
    const how = `npm run fuzz -- --parser ${target.name} --seed ${plan.seed} --input ${at}`;
    await one(input, how);
    plan.progress?.(at + 1);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const grownBytes = warmBytes === undefined ? 0 : heldBytes() - warmBytes;
  if (grownBytes > GROWTH_BYTES_MAX) {
    const how = `npm run fuzz -- --parser ${target.name} --seed ${plan.seed} --count ${plan.count}`;
    throw new FuzzFailure(`${grownBytes} bytes more are held`, how, new Uint8Array());
  }
  return { inputs: last - first, perSecond: (last - first) / seconds, slowestMs, grownBytes };
}

/** Gives how long it took. */
async function feed(
  target: FuzzTarget,
  input: Uint8Array,
  replay: string,
  msMax = INPUT_MS_MAX,
): Promise<number> {
  let tookMs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < SLOW_TRIES && tookMs > msMax; tries++) {
    const startMs = performance.now();
    const used = tries === 0 ? undefined : process.cpuUsage();
    try {
      const pending = target.take(input);
      // Awaited only where there is something to wait for: a turn costs more than most parsers.
      if (pending !== undefined) await pending;
    } catch (error) {
      throw new FuzzFailure((error as Error).stack ?? String(error), replay, input);
    }
    const wallMs = performance.now() - startMs;
    tookMs = Math.min(tookMs, used === undefined || wallMs > HANG_MS ? wallMs : msSince(used));
  }
  if (tookMs > msMax) throw new FuzzFailure(`took ${tookMs} ms`, replay, input);
  return tookMs;
}

function msSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** The input with this number: it depends on the seed and the number alone. */
function inputAt(
  target: FuzzTarget,
  samples: readonly Uint8Array[],
  seed: number,
  at: number,
): Uint8Array {
  const random = new SeededRandom(seed * SEED_STEP + at);
  let input = pick(random, samples) ?? new Uint8Array();
  const changes = 1 + randomInt(random, CHANGES_MAX);
  for (let change = 0; change < changes; change++) {
    const other = pick(random, samples) ?? input;
    input = structured(target, input, random) ?? changeBytes(input, random, other);
  }
  return input.slice(0, target.bytesMax ?? INPUT_BYTES_MAX);
}

function structured(
  { form, words = [] }: FuzzTarget,
  input: Uint8Array,
  random: Random,
): Uint8Array | undefined {
  if (form === "text") return random.next() < 0.8 ? changeText(input, random, words) : undefined;
  return random.next() < 0.6 ? changeFields(input, random) : undefined;
}

let collect: (() => void) | undefined;

/** What is in use once the garbage is gone. */
function heldBytes(): number {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function shown(input: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(input).toString("latin1"));
  return text.length > 2_000 ? `${text.slice(0, 2_000)}... (${input.length} bytes)` : text;
}
