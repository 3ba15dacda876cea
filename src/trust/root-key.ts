import { randomBytes } from "node:crypto";
import { concatBytes, equalBytes } from "../base/bytes.ts";
import { checksum, crockford, fromCrockford } from "../base/crockford.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Identity, identityOfSeed, SEED_BYTES } from "./identity.ts";

const CHECK_BYTES = 2;
const GROUP = 5;

/** A mesh's root key: it makes the first member, and is needed again if all admins are lost. */
export interface RootKey {
  readonly root: Identity;
  /** The key as people write it down: eleven groups of five characters. */
  readonly text: string;
}

export function makeRootKey(): RootKey {
  const seed = new Uint8Array(randomBytes(SEED_BYTES));
  const text = crockford(concatBytes([seed, checksum(seed, 16)]), GROUP);
  return { root: identityOfSeed(seed), text };
}

/** A root key as somebody typed it. The error is one line for them. */
export function readRootKey(text: string): Result<Identity> {
  const bytes = fromCrockford(text, SEED_BYTES + CHECK_BYTES);
  if (!bytes.ok) return err(`this is no root key (${bytes.error}): type it again`);
  const seed = bytes.value.subarray(0, SEED_BYTES);
  if (!equalBytes(checksum(seed, 16), bytes.value.subarray(SEED_BYTES))) {
    return err("the root key has a slip in it: type it again");
  }
  return ok(identityOfSeed(seed));
}
