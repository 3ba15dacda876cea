import { bytes, nested, optional, record, text, uint } from "../base/tlv.ts";
import type { Dot } from "./entry.ts";

/** The key of the first entry of every life of an origin. */
export const BIRTH_KEY = "birth";

/** Longest credential inside a birth, bytes: a delegation chain of a few links. */
export const CREDENTIAL_BYTES_MAX = 4 * 1024;

/**
 * What an origin says when it starts a life (an incarnation).
 *
 * A life begins with `base` entries: this one, and one for each live key carried over. Whoever has
 * those knows all that the origin still says of its writes up to `supersedes`, and drops those.
 * Writes that the origin had not heard of stay until the origin answers them: that is what keeps a
 * restored backup from wiping out what was written after it was made.
 */
const birthRecord = record({
  base: uint(1),
  supersedes: nested(2, record({ incarnation: uint(1), seq: uint(2) })),
  /** Proof that the origin may be in this mesh. */
  credential: bytes(3, CREDENTIAL_BYTES_MAX),
  /** Random for each start of the process. */
  boot: text(4, 64),
  /** The foreign life of its own identity that made the origin begin this one; 0 for none. */
  answers: uint(5),
  /** 1 where the data folder was made on another machine: of two clones, that one yields. */
  moved: uint(6, 1),
  /** 1 where the process knows that another one writes under its identity now. */
  twin: optional(uint(7, 1)),
});

export interface Birth {
  readonly base: number;
  readonly supersedes: Dot;
  readonly credential: Uint8Array;
  readonly boot: string;
  readonly answers: number;
  readonly moved: number;
  readonly twin?: number | undefined;
}

export function encodeBirth(birth: Birth): Uint8Array {
  return birthRecord.encode({ ...birth, twin: birth.twin });
}

/** The birth in an entry's value, or undefined where it is none. */
export function decodeBirth(value: Uint8Array | undefined): Birth | undefined {
  if (value === undefined) return undefined;
  const decoded = birthRecord.decode(value);
  return decoded.ok ? decoded.value : undefined;
}

const NONCES = 2 ** 32;
/** Starts that fit: one a minute for four years. */
const STARTS_MAX = 2 ** 21 - 1;

/**
 * The incarnation of a life that begins after all `known` ones: a count of lives, and below it
 * 32 random bits, so that two copies of one card can't mint the same.
 */
export function nextIncarnation(known: number, randomUnit: number): number {
  const lives = Math.min(Math.floor(known / NONCES) + 1, STARTS_MAX);
  return lives * NONCES + Math.floor(randomUnit * NONCES);
}
