import { pick, randomInt, type SeededRandom, sample } from "../base/random.ts";
import { HOUR_MS, MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";
import type { Fault, FaultType } from "./fault.ts";
import type { Framing } from "./frames.ts";
import type { CutFrames } from "./network.ts";

/** One history to be: everything that the seed has drawn before it begins. */
export interface Plan {
  readonly seed: number;
  readonly hosts: number;
  readonly framing: Framing;
  readonly cutFrames: CutFrames;
  /** Hosts, by number, that speak a later version of the wire. */
  readonly newer: readonly number[];
  /** How fast each host's clock runs. */
  readonly rates: readonly number[];
  readonly spanMs: Millis;
  readonly faults: readonly Fault[];
  /** "safety": everything heals, then all is looked at. "liveness": only a core ever heals. */
  readonly mode: "safety" | "liveness";
}

/** Sizes and spans of swarm runs. */
export const SWARM_SPAN_MS = 10 * MINUTE_MS;
const HOSTS_MIN = 8;
/** Faults begin when the office has found itself, and end so long before the span does. */
const WARM_UP_MS = 15 * SECOND_MS;
const COOL_DOWN_MS = 60 * SECOND_MS;
const FAULTS_MAX = 24;
/** One history in so many has all its frames encoded: slower, and every byte is checked. */
const ENCODED_EVERY = 16;
const LIVENESS_EVERY = 8;

const KINDS: readonly FaultType[] = [
  "kill",
  "power-cut",
  "stop",
  "freeze",
  "flap",
  "partition",
  "one-way-cut",
  "mute",
  "storm",
  "clock-step",
  "boot-in-1970",
  "disk-full",
  "disk-lost",
  "restore",
  "clone",
  "retire",
  "newcomer",
  "deaf-lan",
];

/**
 * Draws a history from a seed. Each seed allows its own few kinds of faults (swarm testing, Groce
 * and others, ISSTA 2012): all kinds at once would hide what some of them alone bring out.
 * `nodes` fixes the size, which the seed draws otherwise.
 */
export function drawPlan(random: SeededRandom, seed: number, nodes?: number): Plan {
  const drawn = drawSize(random);
  const hosts = nodes ?? drawn;
  const kinds = sample(random, KINDS, 1 + randomInt(random, 6));
  const count = 2 + randomInt(random, FAULTS_MAX);
  const faults = Array.from({ length: count }, () => drawFault(random, kinds, hosts));
  return {
    seed,
    hosts,
    framing: randomInt(random, ENCODED_EVERY) === 0 ? "encoded" : "by-reference",
    cutFrames: random.next() < 0.5 ? "late" : "lost",
    newer: random.next() < 0.2 ? [randomInt(random, hosts)] : [],
    rates: Array.from({ length: hosts }, () => 1 + (random.next() - 0.5) * 0.02),
    spanMs: SWARM_SPAN_MS,
    faults: onlyOneCardEach(faults).sort((left, right) => left.atMs - right.atMs),
    mode: randomInt(random, LIVENESS_EVERY) === 0 ? "liveness" : "safety",
  };
}

/** Mostly small offices; now and then one whose views can't hold everybody. */
function drawSize(random: SeededRandom): number {
  const drawn = random.next();
  if (drawn < 0.8) return HOSTS_MIN + randomInt(random, 3);
  return drawn < 0.996 ? HOSTS_MIN + randomInt(random, 7) : 28 + randomInt(random, 12);
}

function drawFault(random: SeededRandom, kinds: readonly FaultType[], hosts: number): Fault {
  const lastMs = SWARM_SPAN_MS - COOL_DOWN_MS;
  const atMs = WARM_UP_MS + random.next() * (lastMs - WARM_UP_MS);
  const type = pick(random, kinds) ?? "kill";
  const host = randomInt(random, hosts);
  const forMs = Math.min(lastMs - atMs, drawSpan(random));
  switch (type) {
    case "flap": {
      const everyMs = 500 + random.next() * 3_000;
      const times = 1 + randomInt(random, Math.max(1, Math.min(20, forMs / (2 * everyMs))));
      return { atMs, type, host, times, everyMs };
    }
    case "partition": {
      const all = Array.from({ length: hosts }, (_, at) => at);
      const side = sample(random, all, 1 + randomInt(random, hosts - 1));
      return { atMs, type, side, forMs };
    }
    case "one-way-cut":
      return { atMs, type, from: host, to: randomInt(random, hosts), forMs };
    case "storm":
      return { atMs, type, ...drawStorm(random), forMs: Math.min(forMs, MINUTE_MS) };
    case "clock-step":
      return { atMs, type, host, byMs: drawStep(random) };
    case "boot-in-1970":
    case "retire":
      return { atMs, type, host };
    case "restore":
      return { atMs, type, host, sinceMs: Math.min(atMs, drawSpan(random)) };
    case "newcomer":
      return { atMs, type };
    case "deaf-lan":
      return { atMs, type, forMs };
    default:
      return { atMs, type, host, forMs };
  }
}

/** From a blink to minutes, the short ones as often as the long. */
function drawSpan(random: SeededRandom): Millis {
  return 200 * 1_000 ** random.next();
}

function drawStorm(random: SeededRandom) {
  return {
    loss: random.next() < 0.5 ? 0 : 0.3 * random.next(),
    duplication: random.next() < 0.5 ? 0 : 0.3 * random.next(),
    reordering: random.next() < 0.5 ? 0 : 0.3 * random.next(),
    latencyMs: 2 + 300 * random.next() ** 2,
  };
}

function drawStep(random: SeededRandom): Millis {
  const far = [HOUR_MS, -HOUR_MS, 12 * 365 * 24 * HOUR_MS, -6 * 365 * 24 * HOUR_MS];
  return (random.next() < 0.5 ? pick(random, far) : undefined) ?? (random.next() - 0.5) * 20_000;
}

/** A card is copied back or cloned at most once, so that a checker knows what to expect. */
function onlyOneCardEach(faults: readonly Fault[]): Fault[] {
  const touched = new Set<number>();
  return faults.filter((fault) => {
    if (fault.type !== "restore" && fault.type !== "clone") return true;
    if (touched.has(fault.host)) return false;
    touched.add(fault.host);
    return true;
  });
}
