import { concatBytes, equalBytes } from "../base/bytes.ts";
import { checksum, crockford, fromCrockford } from "../base/crockford.ts";
import { err, ok, type Result } from "../base/result.ts";

/** Nobody guesses 128 bits. */
export const SECRET_BYTES = 16;
/** Enough of the mesh's root key that nobody finds another that begins so. */
export const TAG_BYTES = 8;
const CHECK_BYTES = 1;
const GROUP = 5;

/** What an invitation's code says: who has it may ask to be let in, and only into that mesh. */
export interface InvitationCode {
  readonly secret: Uint8Array;
  /** How the mesh's root key begins. */
  readonly meshTag: Uint8Array;
}

/** Eight groups of five characters. */
export function encodeInvitation({ secret, meshTag }: InvitationCode): string {
  const said = concatBytes([secret, meshTag]);
  return crockford(concatBytes([said, checksum(said, 8)]), GROUP);
}

/** A code as somebody typed it. The error is one line for them. */
export function decodeInvitation(text: string): Result<InvitationCode> {
  const bytes = fromCrockford(text, SECRET_BYTES + TAG_BYTES + CHECK_BYTES);
  if (!bytes.ok) return err(`this is no invitation code (${bytes.error}): type it again`);
  const said = bytes.value.subarray(0, SECRET_BYTES + TAG_BYTES);
  if (!equalBytes(checksum(said, 8), bytes.value.subarray(said.length))) {
    return err("the invitation code has a slip in it: type it again");
  }
  return ok({ secret: said.slice(0, SECRET_BYTES), meshTag: said.slice(SECRET_BYTES) });
}
