import type { Random } from "../../src/base/random.ts";
import { jittered } from "../../src/base/random.ts";
import type { Millis } from "../../src/base/time.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../src/base/time.ts";

/** What the made-up room can measure. */
export const SIMULATED_KINDS = [
  "temperature",
  "humidity",
  "co2",
  "sound",
  "light",
  "motion",
] as const;
export type SimulatedKind = (typeof SIMULATED_KINDS)[number];
export const SIMULATED_KINDS_DEFAULT: readonly SimulatedKind[] = [
  "temperature",
  "humidity",
  "co2",
  "motion",
];

// The room's nature. All guesses, near what a meeting room of 40 m3 shows.
const SEATS = 6;
const CO2_OUTSIDE_PPM = 420;
/** Steady rise one breathing person brings at an ordinary air change. */
const CO2_PER_PERSON_PPM = 160;
const CO2_LAG_MS = 12 * MINUTE_MS;
const HEAT_PER_PERSON_DEGC = 0.3;
const HEAT_LAG_MS = 25 * MINUTE_MS;
/** A visit's mean length, and how long a chair stays empty in a busy hour. */
const STAY_MS = 7 * MINUTE_MS;
const ABSENCE_MS = 5 * MINUTE_MS;
/** A short day on top of the long one, so that a demo at three at night is alive too. */
const SHORT_DAY_MS = 20 * MINUTE_MS;
const LIVELY_SHARE_MIN = 0.35;
/** The model moves in steps no longer than this, and at most so many a call. */
const STEP_MS_MAX = 30 * SECOND_MS;
const STEPS_COUNT_MAX = 240;

/** One room with people coming and going; advanced by hand, its chance handed in. */
export class SimulatedOffice {
  private people: number;
  private co2: number;
  private heat: number;
  private drift = 0;
  /** Rooms differ: some are warmer, some busier, and their short days are out of step. */
  private readonly warmth: number;
  private readonly phase: number;

  constructor(private readonly random: Random) {
    this.warmth = 1.5 * (2 * random.next() - 1);
    this.phase = random.next();
    this.people = Math.floor(random.next() * 4);
    this.co2 = CO2_OUTSIDE_PPM + this.people * CO2_PER_PERSON_PPM * (0.5 + random.next() / 2);
    this.heat = this.people * HEAT_PER_PERSON_DEGC;
  }

  /** How many are in the room. */
  get occupants(): number {
    return this.people;
  }

  /** Lets `spanMs` go by; `hour` is the local time of day in [0, 24), `elapsedMs` since start. */
  advance(spanMs: Millis, hour: number, elapsedMs: Millis): void {
    const count = Math.min(STEPS_COUNT_MAX, Math.ceil(spanMs / STEP_MS_MAX));
    for (let step = 0; step < count; step++) this.step(spanMs / count, hour, elapsedMs);
  }

  /** What a sensor of this kind would show now, noise included. */
  measure(kind: SimulatedKind, hour: number): number {
    const noise = this.noise();
    const busy = this.people > 0;
    switch (kind) {
      case "temperature":
        return hold(this.temperature(hour) + 0.04 * noise, 10, 40, 2);
      case "humidity": {
        const humidity = 44 - 1.8 * (this.temperature(hour) - 21.5) + 0.6 * this.people;
        return hold(humidity + 3 * this.drift + 0.2 * noise, 5, 95, 1);
      }
      case "co2":
        return hold(this.co2 + 6 * noise, 400, 5_000, 0);
      case "sound": {
        const talk = busy ? 14 + 4 * Math.log2(this.people) + 3 * noise : noise;
        return hold(33 + talk, 25, 95, 1);
      }
      case "light": {
        const lamps = busy ? 320 : 0;
        return hold((350 * daylight(hour) + lamps + 2) * (1 + 0.02 * noise), 0, 5_000, 0);
      }
      case "motion":
        // People sit still as well; an empty room's sensor sees nothing.
        return busy && this.random.next() < 1 - 0.4 ** this.people ? 1 : 0;
    }
  }

  private step(spanMs: Millis, hour: number, elapsedMs: Millis): void {
    const lively = this.liveliness(hour, elapsedMs);
    const arrives = 1 - Math.exp((-spanMs / ABSENCE_MS) * lively);
    const leaves = 1 - Math.exp((-spanMs / STAY_MS) * (1.5 - lively));
    let change = 0;
    for (let seat = 0; seat < SEATS; seat++) {
      const taken = seat < this.people;
      if (this.random.next() < (taken ? leaves : arrives)) change += taken ? -1 : 1;
    }
    this.people += change;
    const steady = CO2_OUTSIDE_PPM + this.people * CO2_PER_PERSON_PPM;
    this.co2 += (steady - this.co2) * (1 - Math.exp(-spanMs / CO2_LAG_MS));
    const warm = this.people * HEAT_PER_PERSON_DEGC;
    this.heat += (warm - this.heat) * (1 - Math.exp(-spanMs / HEAT_LAG_MS));
    const share = spanMs / HOUR_MS;
    this.drift += -this.drift * Math.min(1, share) + 0.5 * Math.sqrt(share) * this.noise();
    this.drift = Math.max(-2, Math.min(2, this.drift));
  }

  private temperature(hour: number): number {
    const day = 1.2 * Math.sin(((hour - 9) / 24) * 2 * Math.PI);
    return 21.5 + this.warmth + day + this.heat + 0.3 * this.drift;
  }

  /** How much people are drawn here, in (0, 1]. */
  private liveliness(hour: number, elapsedMs: Millis): number {
    const turn = elapsedMs / SHORT_DAY_MS + this.phase;
    const short = (1 + Math.sin(turn * 2 * Math.PI)) / 2;
    const long = officeHours(hour);
    return Math.max(LIVELY_SHARE_MIN * short, long * (0.4 + 0.6 * short)) + 0.02;
  }

  /** Near a normal distribution, in [-3, 3] (the mean of draws, Irwin-Hall). */
  private noise(): number {
    let sum = 0;
    for (let draw = 0; draw < 3; draw++) sum += jittered(this.random, 1, 1) - 1;
    return sum;
  }
}

/** 0 at night, 1 in office hours, with soft edges and a lunch. */
function officeHours(hour: number): number {
  const edge = (at: number) => 1 / (1 + Math.exp(-(hour - at) * 3));
  const lunch = 0.5 * Math.exp(-((hour - 12.5) ** 2) / 0.2);
  return Math.max(0, edge(8.5) - edge(18) - lunch);
}

function daylight(hour: number): number {
  return Math.max(0, Math.sin(((hour - 6) / 12) * Math.PI));
}

function hold(value: number, min: number, max: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(Math.min(max, Math.max(min, value)) * scale) / scale;
}
