import type { Kind } from "../../src/reading/kind.ts";
import type { Passage } from "../../src/reading/passage.ts";
import type { Reading } from "../../src/reading/reading.ts";

/** How a sensor is doing. "failing" keeps the last error, in words that say what to do. */
export type SensorHealth =
  | { readonly state: "ok" }
  | { readonly state: "simulated" }
  | { readonly state: "failing"; readonly error: string };

/** What a sensor last gave, before its filters and after them. */
export interface LatestValue {
  readonly sensor: string;
  readonly kind: Kind;
  readonly raw: number;
  /** Not there before the filters have let anything through. */
  readonly value?: number;
}

/** A source of readings of this node; one driver file each. */
export interface Sensor {
  readonly name: string;
  readonly platform: string;
  /** The kinds it gives; may grow as a serial box or a push client names more. */
  kinds(): readonly Kind[];
  /** Begins; never throws for missing or mad hardware: that is `health`, tried again later. */
  start(emit: (reading: Reading) => void): void;
  health(): SensorHealth;
  /** Where it counts at doors: calls back with whoever goes through, from its start on. */
  onPassage?(listener: (passage: Passage) => void): void;
  /** Where filters are applied: the newest values, raw and filtered. */
  latest?(): readonly LatestValue[];
  /** Where filters are applied: `offset` is added to what is measured, before all of them. */
  calibrate?(sensor: string, kind: Kind, offset: number): void;
  /** The offset with which a value measured as `raw` comes to `reference`, filters included. */
  offsetFor?(kind: Kind, raw: number, reference: number): number;
  /** Values that could not be true, so far, by reason. */
  refusedReadings?(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}
