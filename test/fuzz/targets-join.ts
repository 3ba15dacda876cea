import { equalBytes } from "../../src/base/bytes.ts";
import type { RecordCodec } from "../../src/base/tlv.ts";
import { decodeInvitation, encodeInvitation } from "../../src/trust/invitation-code.ts";
import { answerRecord, greetingRecord, requestRecord } from "../../src/trust/join-messages.ts";
import { readRootKey } from "../../src/trust/root-key.ts";
import { type FuzzTarget, hold } from "./target.ts";

/** Holds what was read: written and read again, it is the same. */
export function stable<T>(codec: RecordCodec<T>, input: Uint8Array): void {
  const decoded = codec.decode(input);
  if (!decoded.ok) return;
  const again = codec.encode(decoded.value);
  const twice = codec.decode(again);
  hold(twice.ok && equalBytes(codec.encode(twice.value), again), "another message comes out");
}

/** What one that knocks and the member that hears it say to each other. */
const knocking: FuzzTarget = {
  name: "join",
  form: "bytes",
  take: (input) => {
    stable(greetingRecord, input);
    stable(requestRecord, input);
    stable(answerRecord, input);
  },
};

/** What people type: an invitation's code, and the root key from its backup. */
const codes: FuzzTarget = {
  name: "codes",
  form: "text",
  words: ["0", "O", "l", "I", "-", " ", "U", "u"],
  take: (input) => {
    const text = Buffer.from(input).toString("utf8");
    const code = decodeInvitation(text);
    if (code.ok) hold(decodeInvitation(encodeInvitation(code.value)).ok, "another code comes out");
    else hold(!code.error.includes("\n"), "a reason of two lines");
    readRootKey(text);
  },
};

/** Valid samples for the corpus. */
export const JOIN_SAMPLES = {
  greeting: (mesh: Uint8Array, credential: Uint8Array) =>
    greetingRecord.encode({ mesh, credential }),
  request: requestRecord.encode({ name: "kitchen-pi", proof: undefined }),
  answer: (credential: Uint8Array) =>
    answerRecord.encode({ outcome: 0, refusal: undefined, credential, issue: 7 }),
  code: encodeInvitation({
    secret: new Uint8Array(16).fill(9),
    meshTag: new Uint8Array(8).fill(4),
  }),
};
export const JOIN_TARGETS = [knocking, codes];
