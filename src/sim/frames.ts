import { concatBytes } from "../base/bytes.ts";
import { ok, type Result } from "../base/result.ts";
import { Writer } from "../base/tlv.ts";
import {
  createFrameCodec,
  type DecodeFailure,
  type FrameCodec,
  WIRE_VERSION,
} from "../overlay/codec.ts";
import type { Message } from "../overlay/messages.ts";
import { createEntryCodec, IdentityTable } from "../replica/entry-codec.ts";

const table = new IdentityTable();

/** The daemon's own codecs; one table of identities for all simulated nodes. */
export const realCodec = createFrameCodec(table);
export const entryCodec = createEntryCodec(table);

/**
 * How frames travel: "encoded" as the daemon's bytes, "by-reference" as the message itself, which
 * is several times faster, "newer" as a later version would send them: with a field that nobody
 * here knows.
 */
export type Framing = "encoded" | "by-reference" | "newer";

export function codecOf(framing: Framing): FrameCodec {
  if (framing === "encoded") return realCodec;
  return framing === "newer" ? newerCodec : referenceCodec;
}

/** The message behind a frame, for checks and counts; undefined where it is none. */
export function messageOf(frame: Uint8Array): Message | undefined {
  const { carried } = frame as Parcel;
  if (carried !== undefined) return carried;
  const decoded = realCodec.decode(frame);
  return decoded.ok ? decoded.value : undefined;
}

/** A frame of a type that only a later version has. */
export function unknownFrame(): Uint8Array {
  const writer = new Writer();
  writer.byte(WIRE_VERSION + 1);
  writer.varint(UNKNOWN_TYPE);
  return writer.finish();
}

const UNKNOWN_TYPE = 1_000;
const UNKNOWN_FIELD = 900;

/** Stands for bytes: a frame that has its message with it. */
type Parcel = Uint8Array & { carried?: Message };

/** Takes messages by reference and as bytes. */
function decode(frame: Uint8Array): Result<Message, DecodeFailure> {
  const { carried } = frame as Parcel;
  return carried === undefined ? realCodec.decode(frame) : ok(carried);
}

const referenceCodec: FrameCodec = {
  encode: (message) => {
    const frame: Parcel = new Uint8Array(0);
    frame.carried = message;
    return frame;
  },
  decode,
};

const newerCodec: FrameCodec = {
  encode: (message) => {
    const more = new Writer();
    more.varint(UNKNOWN_FIELD * 8);
    more.varint(7);
    return concatBytes([realCodec.encode(message), more.finish()]);
  },
  decode,
};
