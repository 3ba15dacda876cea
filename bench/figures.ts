import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet } from "./fleet.ts";
import { type Fate, spreadMs } from "./tally.ts";
import { nowMs, until } from "./waiting.ts";
import { type Traffic, traffic } from "./wire.ts";

/** How long and how often, for one system and one size. */
export interface Effort {
  readonly writes: number;
  readonly quietS: number;
  readonly restS: number;
  readonly burstS: number;
}

const HELLO_MS = 1_000;
const FORM_MS_MAX = 180_000;
const WRITE_MS = 100;
const WARM_UP = 60;
const STRAGGLER_MS = 3_000;
/** The writes of a sensor at rest. */
const REST_WRITE_MS = 10_000;
const WITHIN_MS = 1_000;
/** Of all writes of a burst, so many must be everywhere in time. */
const IN_TIME_SHARE = 0.999;
const RATE_FIRST = 64;
const RATE_MAX = 16_384;
const AFTER_KILL_S = 8;
const AFTER_KILL_WRITE_MS = 100;

/**
 * Until each has heard of each, from the first process on. A member says hello once it is open,
 * and again each second while anybody has not heard it: not every system keeps what was said.
 */
export async function coldStart(fleet: Fleet): Promise<number> {
  await fleet.prepare();
  const startMs = nowMs();
  fleet.start();
  await until("all are open", FORM_MS_MAX, () => fleet.isOpen);
  const { members, tally } = fleet;
  let saidMs = Number.NEGATIVE_INFINITY;
  await until("each has heard of each", FORM_MS_MAX, () => {
    const unheard = members.filter((index) => !tally.isHeard(index, members));
    if (nowMs() - saidMs > HELLO_MS) {
      saidMs = nowMs();
      for (const index of unheard) fleet.write(index);
    }
    return unheard.length === 0;
  });
  return nowMs() - startMs;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Writes that did not get to everybody. */
  readonly lost: number;
  readonly bytesPerWrite: number;
  readonly packetsPerWrite: number;
  readonly messagesPerWrite: number | undefined;
}

/** One write after another from member to member: when the last has it, and what that costs. */
export async function latency(fleet: Fleet, effort: Effort): Promise<Latency> {
  const { members } = fleet;
  await writeInTurn(fleet, WARM_UP);
  const idle = await cost(fleet, () => sleep(effort.quietS * 1_000));
  const fromMs = nowMs();
  const busy = await cost(fleet, () => writeInTurn(fleet, effort.writes));
  const fates = fleet.tally.between(fromMs, nowMs());
  const spreads = fates.map((fate) => spreadMs(fate, members));
  const known = spreads.filter((one) => one !== undefined);
  const share = busy.spanMs / idle.spanMs;
  const each = (whole: number, atRest: number) =>
    Math.max(0, whole - atRest * share) / effort.writes;
  return {
    p50Ms: quantile(known, 0.5),
    p99Ms: quantile(known, 0.99),
    lost: effort.writes - known.length,
    bytesPerWrite: each(busy.bytes, idle.bytes),
    packetsPerWrite: each(busy.packets, idle.packets),
    messagesPerWrite:
      busy.messages === undefined ? undefined : each(busy.messages, idle.messages ?? 0),
  };
}

async function writeInTurn(fleet: Fleet, writes: number): Promise<void> {
  const { members } = fleet;
  for (let done = 0; done < writes; done += 1) {
    // A step that meets everybody, and never the neighbour next.
    fleet.write(members[(done * 7) % members.length] ?? 0);
    await sleep(WRITE_MS);
  }
  const limitMs = nowMs() + STRAGGLER_MS;
  while (!fleet.tally.isEven(members) && nowMs() < limitMs) await sleep(WRITE_MS);
}

interface Cost extends Traffic {
  readonly messages: number | undefined;
  readonly spanMs: number;
}

async function cost(fleet: Fleet, work: () => Promise<unknown>): Promise<Cost> {
  const [messages, before, startMs] = [await fleet.messages(), traffic(), nowMs()];
  await work();
  const [after, later, endMs] = [traffic(), await fleet.messages(), nowMs()];
  return {
    bytes: after.bytes - before.bytes,
    packets: after.packets - before.packets,
    messages: later === undefined || messages === undefined ? undefined : later - messages,
    spanMs: endMs - startMs,
  };
}

export interface Rest {
  readonly rssBytes: number;
  readonly pssBytes: number;
  readonly cpuSPerMinute: number;
  readonly bytesPerSecond: number;
  readonly hubRssBytes: number | undefined;
}

/** An office at night: a reading of each member every 10 seconds. The middle one of the members. */
export async function atRest(fleet: Fleet, { restS }: Effort): Promise<Rest> {
  const before = fleet.footprints();
  const [sent, startMs] = [traffic(), nowMs()];
  const { members } = fleet;
  const gapMs = REST_WRITE_MS / members.length;
  for (let at = 0; nowMs() - startMs < restS * 1_000; at += 1) {
    fleet.write(members[at % members.length] ?? 0);
    await sleep(gapMs);
  }
  const spanS = (nowMs() - startMs) / 1_000;
  const after = fleet.footprints();
  const cpu = after.map(({ cpuS }, at) => cpuS - (before[at]?.cpuS ?? 0));
  return {
    rssBytes: quantile(
      after.map(({ rssBytes }) => rssBytes),
      0.5,
    ),
    pssBytes: quantile(
      after.map(({ pssBytes }) => pssBytes),
      0.5,
    ),
    cpuSPerMinute: (cpu.reduce((sum, one) => sum + one, 0) / cpu.length / spanS) * 60,
    bytesPerSecond: (traffic().bytes - sent.bytes) / spanS,
    hubRssBytes: fleet.hubFootprint()?.rssBytes,
  };
}

/** The highest rate of writes, all members together, of which all are everywhere in a second. */
export async function highestRate(fleet: Fleet, effort: Effort): Promise<number> {
  let best = 0;
  for (let rate = RATE_FIRST; rate <= RATE_MAX; rate *= 2) {
    if (!(await keepsUp(fleet, rate, effort))) break;
    best = rate;
  }
  const between = best === 0 ? [] : [best * 1.5];
  for (const rate of between) if (await keepsUp(fleet, rate, effort)) best = rate;
  return best;
}

async function keepsUp(fleet: Fleet, rate: number, { burstS }: Effort): Promise<boolean> {
  const { members } = fleet;
  const fromMs = nowMs();
  fleet.burst(rate, burstS);
  await sleep(burstS * 1_000 + WITHIN_MS);
  const toMs = nowMs();
  const limitMs = toMs + STRAGGLER_MS;
  while (!fleet.tally.isEven(members) && nowMs() < limitMs) await sleep(WRITE_MS);
  const fates = fleet.tally.between(fromMs, toMs);
  const inTime = fates.filter((fate) => (spreadMs(fate, members) ?? Infinity) <= WITHIN_MS);
  return (
    inTime.length >= rate * burstS * 0.98 * IN_TIME_SHARE &&
    inTime.length >= fates.length * IN_TIME_SHARE
  );
}

export interface AfterKill {
  /** Of what the survivors wrote in the first second, the share delivered within one. */
  readonly firstSecondShare: number;
  /** From when on all is delivered within a second; undefined where that never came. */
  readonly wholeAgainMs: number | undefined;
  /** Until all survivors had the newest of all; undefined where they never had. */
  readonly evenMs: number | undefined;
}

/** SIGKILL to every second member; the survivors go on writing ten times a second each. */
export async function afterKill(fleet: Fleet): Promise<AfterKill> {
  const victims = fleet.members.filter((index) => index % 2 === 1);
  const killMs = nowMs();
  fleet.kill(victims);
  const { members } = fleet;
  for (let at = 0; nowMs() - killMs < AFTER_KILL_S * 1_000; at += 1) {
    fleet.write(members[at % members.length] ?? 0);
    await sleep(AFTER_KILL_WRITE_MS / members.length);
  }
  const [writtenMs, limitMs] = [nowMs(), nowMs() + STRAGGLER_MS];
  while (!fleet.tally.isEven(members) && nowMs() < limitMs) await sleep(WRITE_MS / 4);
  const isEven = fleet.tally.isEven(members);
  const fates = [...fleet.tally.between(killMs, writtenMs)].sort((a, b) => a.atMs - b.atMs);
  const first = fates.filter(({ atMs }) => atMs < killMs + 1_000);
  const late = fates.filter((fate) => share([fate], members) < 1).at(-1);
  const everWhole = late === undefined || late.atMs < writtenMs - 1_000;
  return {
    firstSecondShare: share(first, members),
    wholeAgainMs: everWhole ? (late === undefined ? 0 : late.atMs - killMs) : undefined,
    evenMs: isEven ? evenAfter(fates, members, killMs) : undefined,
  };
}

/** When the last of what was written in the first second had reached everybody. */
function evenAfter(fates: readonly Fate[], members: readonly number[], killMs: number): number {
  const first = fates.filter(({ atMs }) => atMs < killMs + 1_000);
  const last = first.map((fate) => fate.atMs + (spreadMs(fate, members) ?? 0) - killMs);
  return Math.max(0, ...last);
}

/** Of all pairs of a write and another member, those where it came within a second. */
function share(fates: readonly Fate[], members: readonly number[]): number {
  let [pairs, inTime] = [0, 0];
  for (const { origin, atMs, heardMs } of fates) {
    for (const member of members) {
      if (member === origin) continue;
      pairs += 1;
      if ((heardMs.get(member) ?? Infinity) - atMs <= WITHIN_MS) inTime += 1;
    }
  }
  return pairs === 0 ? 0 : inTime / pairs;
}

/** The value below which this share of the numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
