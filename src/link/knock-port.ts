import type { Address, NodeId } from "../base/id.ts";

/**
 * How a node that is no member asks to be one: on the mesh port, under a path of its own, one
 * message each way after the member's greeting. Links know nothing of it.
 */
export const KNOCK_PATH = "/join";
/** Longest message of a knock: a credential and some text. */
export const KNOCK_BYTES_MAX = 8 * 1024;
/** What ties a proof to one TLS connection: keying material that only its two ends have. */
export const BINDING_LABEL = "EXPORTER-watercooler-join";
export const BINDING_BYTES = 32;

/** The far end of a knock, its key proved. */
export interface FarEnd {
  readonly peer: NodeId;
  readonly remote: Address;
  /** The same at both ends of this connection, and of no other (RFC 5705, RFC 8446 7.5). */
  readonly binding: Uint8Array;
}

/** The member's side. */
export interface Reception {
  /** What the member says of itself, first. */
  greeting(): Uint8Array;
  /** Answers a knock; undefined where it is none. */
  answer(from: FarEnd, request: Uint8Array): Uint8Array | undefined;
}
