import { createHash } from "node:crypto";
import type { UcanCrypto } from "../ucan/envelope.ts";
import { createVerifier } from "./identity.ts";

/** What tokens are checked with on a node: OpenSSL, by way of Node. */
export function createUcanCrypto(verify = createVerifier()): UcanCrypto {
  return {
    sha256: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
    verify,
  };
}
