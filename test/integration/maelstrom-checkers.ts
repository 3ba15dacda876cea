import type { Millis } from "../../src/base/time.ts";

// Verdicts as Maelstrom and Jepsen give them: jepsen.checker/set-full, and
// maelstrom.workload.pn-counter/checker.

/** One operation of a client. "info": nobody knows whether it happened. */
export interface Operation {
  readonly does: "add" | "read";
  readonly node: string;
  readonly invokedMs: Millis;
  readonly completedMs: Millis;
  readonly outcome: "ok" | "fail" | "info";
  /** What was added, or what was read. */
  readonly value: unknown;
  readonly final: boolean;
}

export interface SetVerdict {
  readonly valid: boolean;
  readonly attempts: number;
  readonly stable: number;
  readonly lost: readonly unknown[];
  readonly neverRead: number;
  /** From when an element was known to be in until it was in every read. */
  readonly stableLatenciesMs: Readonly<Record<string, Millis>>;
}

const QUANTILES = [0, 0.5, 0.95, 0.99, 1];

/** What the reads say of one added element. */
interface Sightings {
  firstSeenMs: Millis;
  lastPresentMs: Millis;
  lastAbsentMs: Millis;
}

/** Of each added element: is it in the last reads, and from when on was it in all? */
export function checkSet(history: readonly Operation[]): SetVerdict {
  const adds = history.filter(({ does }) => does === "add");
  const sightings = sightingsOf(adds, history);
  const latencies: Millis[] = [];
  const lost: unknown[] = [];
  let neverRead = 0;
  for (const [at, add] of adds.entries()) {
    const { firstSeenMs, lastPresentMs, lastAbsentMs } = sightings[at] as Sightings;
    const knownMs = Math.min(firstSeenMs, add.outcome === "ok" ? add.completedMs : firstSeenMs);
    if (lastPresentMs > lastAbsentMs) latencies.push(Math.max(0, lastAbsentMs - knownMs));
    else if (knownMs < lastAbsentMs) lost.push(add.value);
    else neverRead += 1;
  }
  const stable = latencies.length;
  return {
    valid: lost.length === 0 && stable > 0,
    attempts: adds.length,
    stable,
    lost,
    neverRead,
    stableLatenciesMs: quantiles(latencies),
  };
}

function sightingsOf(
  adds: readonly Operation[],
  history: readonly Operation[],
): readonly Sightings[] {
  const never = Number.NEGATIVE_INFINITY;
  const sightings = adds.map(() => ({
    firstSeenMs: Number.POSITIVE_INFINITY,
    lastPresentMs: never,
    lastAbsentMs: never,
  }));
  const places = new Map(adds.map(({ value }, at) => [value, at]));
  for (const read of history) {
    if (read.does !== "read" || read.outcome !== "ok") continue;
    const present = new Uint8Array(adds.length);
    for (const element of read.value as readonly unknown[]) {
      const at = places.get(element);
      if (at !== undefined) present[at] = 1;
    }
    for (const [at, sighting] of sightings.entries()) {
      if (present[at] === 1) {
        sighting.firstSeenMs = Math.min(sighting.firstSeenMs, read.completedMs);
        sighting.lastPresentMs = Math.max(sighting.lastPresentMs, read.invokedMs);
      } else sighting.lastAbsentMs = Math.max(sighting.lastAbsentMs, read.invokedMs);
    }
  }
  return sightings;
}

export interface CounterVerdict {
  readonly valid: boolean;
  readonly definite: number;
  readonly unknown: number;
  readonly finalReads: readonly unknown[];
  readonly errors: readonly unknown[];
}

/** Each final read must be the sum of all sure adds, and of any of the unsure ones. */
export function checkCounter(history: readonly Operation[]): CounterVerdict {
  const adds = history.filter(({ does }) => does === "add");
  const sure = adds.filter(({ outcome }) => outcome === "ok");
  const unsure = adds.filter(({ outcome }) => outcome === "info");
  const definite = sure.reduce((sum, { value }) => sum + Number(value), 0);
  let acceptable = new Set([definite]);
  for (const { value } of unsure) {
    acceptable = new Set([...acceptable].flatMap((sum) => [sum, sum + Number(value)]));
  }
  const finalReads = history
    .filter(({ final, outcome }) => final && outcome === "ok")
    .map(({ value }) => value);
  const errors = finalReads.filter((value) => !acceptable.has(value as number));
  const valid = errors.length === 0 && finalReads.length > 0;
  return { valid, definite, unknown: unsure.length, finalReads, errors };
}

function quantiles(values: readonly Millis[]): Readonly<Record<string, Millis>> {
  const sorted = [...values].sort((left, right) => left - right);
  const last = sorted.length - 1;
  // As Jepsen's frequency-distribution: the item at floor(n * q).
  const at = (q: number) => sorted[Math.min(last, Math.floor(sorted.length * q))] ?? Number.NaN;
  return Object.fromEntries(QUANTILES.map((q) => [q, at(q)]));
}
