import type { Millis } from "../../src/base/time.ts";

/** A device in the kernel's neighbour table. */
export interface Neighbour {
  /** Lower case, colons. */
  readonly mac: string;
  /** IPv4 dotted, or IPv6 as RFC 5952 writes it, without zone. */
  readonly ip: string;
  readonly interface: string;
  /** How long ago the kernel last had proof that the device was there. */
  readonly confirmedMs: Millis;
}

/** Reads the table once; rejects with a one-line reason. */
export type ReadNeighbours = () => Promise<readonly Neighbour[]>;
