import type { Sighting } from "./orders.ts";

/** One write and how far it got. */
export interface Fate {
  readonly origin: number;
  readonly seq: number;
  readonly atMs: number;
  /** When each of those who heard of it, or of a later one in its place, did so. */
  readonly heardMs: Map<number, number>;
}

/**
 * Who has heard of what. A reading that was replaced counts as heard with the one that replaced
 * it, in every system: that is what a state is.
 */
export class Tally {
  /** By origin, by sequence number less one. */
  private readonly fates = new Map<number, Fate[]>();
  /** By origin and listener, the highest sequence number heard. */
  private readonly heights = new Map<string, number>();
  /** What was heard of before its writer told of it. */
  private early: [listener: number, sighting: Sighting][] = [];

  wrote(writes: readonly Sighting[]): void {
    for (const [origin, seq, atMs] of writes) {
      const list = this.fates.get(origin) ?? [];
      this.fates.set(origin, list);
      list[seq - 1] = { origin, seq, atMs, heardMs: new Map() };
    }
    const waiting = this.early;
    this.early = [];
    for (const [listener, sighting] of waiting) this.heard(listener, [sighting]);
  }

  heard(listener: number, sightings: readonly Sighting[]): void {
    for (const sighting of sightings) {
      const [origin, seq, atMs] = sighting;
      const list = this.fates.get(origin) ?? [];
      if (list[seq - 1] === undefined) {
        this.early.push([listener, sighting]);
        continue;
      }
      const pair = `${origin} ${listener}`;
      const from = this.heights.get(pair) ?? 0;
      for (let next = from; next < seq; next += 1) list[next]?.heardMs.set(listener, atMs);
      if (seq > from) this.heights.set(pair, seq);
    }
  }

  /** The writes of a span of time. */
  between(fromMs: number, toMs: number): readonly Fate[] {
    const all = [...this.fates.values()].flat();
    return all.filter((fate) => fate !== undefined && fate.atMs >= fromMs && fate.atMs < toMs);
  }

  /** Whether every listener has heard of the newest of every origin that wrote. */
  isEven(members: readonly number[]): boolean {
    return members.every((origin) => {
      const newest = this.fates.get(origin)?.length ?? 0;
      return members.every(
        (other) => other === origin || (this.heights.get(`${origin} ${other}`) ?? 0) >= newest,
      );
    });
  }

  /** Whether all the others have heard anything of a member. */
  isHeard(origin: number, members: readonly number[]): boolean {
    return members.every(
      (other) => other === origin || (this.heights.get(`${origin} ${other}`) ?? 0) > 0,
    );
  }
}

/** Milliseconds until the last of the others had it; undefined where one never did. */
export function spreadMs({ origin, atMs, heardMs }: Fate, members: readonly number[]) {
  const others = members.filter((member) => member !== origin);
  if (!others.every((member) => heardMs.has(member))) return undefined;
  return Math.max(...others.map((member) => heardMs.get(member) ?? 0)) - atMs;
}
