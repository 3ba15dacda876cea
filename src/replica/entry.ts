import type { Stamp } from "../base/hlc.ts";
import type { NodeId } from "../base/id.ts";

/**
 * Names one write of one origin, for ever.
 *
 * `incarnation` is a life of the origin (see `life.ts`), `seq` counts its writes from 1.
 */
export interface Dot {
  readonly incarnation: number;
  readonly seq: number;
}

/** Before every dot there is. */
export const NO_DOT: Dot = { incarnation: 0, seq: 0 };

/** Orders the writes of one origin: negative, zero or positive. */
export function compareDots(left: Dot, right: Dot): number {
  return left.incarnation - right.incarnation || left.seq - right.seq;
}

/** What an origin says under one of its keys. */
export interface Entry {
  readonly origin: NodeId;
  readonly key: string;
  readonly dot: Dot;
  readonly stamp: Stamp;
  /** Undefined: the origin took the key back. */
  readonly value: Uint8Array | undefined;
  /** The very bytes that were signed; kept whole so that fields of newer versions survive us. */
  readonly body: Uint8Array;
  /** Ed25519 over the body, 64 bytes. */
  readonly signature: Uint8Array;
}

/** Longest key and value, in bytes. Guesses: a name or two, and a small document. */
export const KEY_BYTES_MAX = 160;
export const VALUE_BYTES_MAX = 8 * 1024;
export const SIGNATURE_BYTES = 64;
