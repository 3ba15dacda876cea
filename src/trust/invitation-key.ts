import { hkdfSync } from "node:crypto";
import { utf8 } from "../base/bytes.ts";
import { crockford } from "../base/crockford.ts";
import { type Identity, identityOfSeed, SEED_BYTES } from "./identity.ts";

const ID_BYTES = 5;
const ID_DIGITS = 8;
const PURPOSE = utf8("watercooler invitation key 1");

/** The key that an invitation's secret makes (HKDF, RFC 5869): the state holds its public half. */
export function invitationKey(secret: Uint8Array): Identity {
  const seed = hkdfSync("sha256", secret, new Uint8Array(), PURPOSE, SEED_BYTES);
  return identityOfSeed(new Uint8Array(seed));
}

/** How people name an invitation: how its public key begins. */
export function invitationId(publicKey: Uint8Array): string {
  return crockford(publicKey.subarray(0, ID_BYTES), ID_DIGITS).toLowerCase();
}
