import { concatBytes, utf8 } from "../base/bytes.ts";
import { keyOfNodeId, type NodeId } from "../base/id.ts";
import { bytes, nested, optional, record, text, uint } from "../base/tlv.ts";
import { KNOCK_REFUSALS, proofRecord } from "../office/admissions.ts";
import { CREDENTIAL_BYTES_MAX } from "../replica/birth.ts";

/** What a member says to whoever knocks. */
export const greetingRecord = record({
  mesh: bytes(1, 32, 32),
  /** The member's own: only a real member of the mesh has one. */
  credential: bytes(2, CREDENTIAL_BYTES_MAX),
});

/** What the one who knocks asks. */
export const requestRecord = record({
  name: text(1, 64),
  /** Absent: it has no invitation, and waits until somebody lets it in. */
  proof: optional(nested(2, proofRecord)),
});

export const ANSWERS = ["admitted", "waiting", "refused"] as const;
export const answerRecord = record({
  outcome: uint(1, ANSWERS.length - 1),
  /** Its place in KNOCK_REFUSALS; absent where it was not refused. */
  refusal: optional(uint(2, KNOCK_REFUSALS.length - 1)),
  credential: optional(bytes(3, CREDENTIAL_BYTES_MAX)),
  issue: optional(uint(4)),
});

const DOMAIN = utf8("watercooler invitation 1\0");

/**
 * What a proof signs: that the holder of an invitation wants this node in this mesh, said to this
 * member over this connection, so that nobody can use it for another node or say it again.
 */
export function proofBody(of: {
  readonly mesh: NodeId;
  readonly joiner: NodeId;
  readonly member: NodeId;
  readonly binding: Uint8Array;
}): Uint8Array {
  const keys = [of.mesh, of.joiner, of.member].map((id) => keyOfNodeId(id) ?? new Uint8Array(32));
  return concatBytes([DOMAIN, ...keys, of.binding]);
}
