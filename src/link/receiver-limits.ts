import { FRAME_BYTES_MAX } from "./port.ts";

/** Fragments of one message; a node never sends more than one (CVE-2026-48779: tiny fragments). */
const FRAGMENTS_MAX = 16;
/** Pieces of a message not complete yet; a TLS record is one, a whole frame 17 of the largest. */
const BUFFERED_CHUNKS_MAX = 1_024;

/** What a peer may make either end's WebSocket hold. Compression would cost 227 KiB a link. */
export const RECEIVER_LIMITS = {
  perMessageDeflate: false,
  maxPayload: FRAME_BYTES_MAX,
  maxFragments: FRAGMENTS_MAX,
  maxBufferedChunks: BUFFERED_CHUNKS_MAX,
  // Text is refused as such, whatever is in it.
  skipUTF8Validation: true,
} as const;
