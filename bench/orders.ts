/** What the bench and the programs that it measures say to each other, over Node's own channel. */

/** One program of a system under measurement, as its command line says it. */
export interface Plan {
  readonly index: number;
  readonly count: number;
  readonly address: string;
  readonly port: number;
  /** Where the others are, this one included. */
  readonly addresses: readonly string[];
  /** Whom it dials, where the system has a graph of its own. */
  readonly dials: readonly number[];
  /** Where the system has a middle. */
  readonly hub: string;
  readonly folder: string;
}

export type Order =
  | { readonly type: "write"; readonly seq: number }
  /** Writes by itself: so many a second, from a sequence number on. */
  | {
      readonly type: "burst";
      readonly perSecond: number;
      readonly seconds: number;
      readonly seq: number;
    }
  | { readonly type: "count" };

/** Whose write, which one, when: milliseconds of the machine's monotonic clock. */
export type Sighting = readonly [origin: number, seq: number, atMs: number];

export type Report =
  | { readonly type: "open" }
  | {
      readonly type: "seen";
      readonly wrote: readonly Sighting[];
      readonly heard: readonly Sighting[];
    }
  | { readonly type: "counted"; readonly messages: number | undefined };

/** A system's member, open. */
export interface Member {
  write(seq: number): void;
  /** Messages that it sent to others so far, where the system tells. */
  messages?(): number;
}

/** Opens a member; calls back with whatever another one wrote. */
export type Open = (plan: Plan, heard: (origin: number, seq: number) => void) => Promise<Member>;
