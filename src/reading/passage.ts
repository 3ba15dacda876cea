/** People who went through a door just now; none at all says only that the door is there. */
export interface Passage {
  /** The sensor's own name, without its node's. */
  readonly sensor: string;
  /** The room that the door leads to, where it is not the node's own. */
  readonly room?: string;
  /** Whole numbers from 0. */
  readonly ins: number;
  readonly outs: number;
}

export type Way = "in" | "out";

/** As many as go through a door at once. A guess: a class. */
export const PASSING_COUNT_MAX = 100;

/** So many people that way; undefined where that is no number of people. */
export function peopleThrough(way: Way, count: number): Pick<Passage, "ins" | "outs"> | undefined {
  if (!Number.isInteger(count) || count < 1 || count > PASSING_COUNT_MAX) return undefined;
  return way === "in" ? { ins: count, outs: 0 } : { ins: 0, outs: count };
}
