import { createPrivateKey } from "node:crypto";
import { fromHex } from "../../src/base/bytes.ts";
import { type Identity, identityFromPem } from "../../src/trust/identity.ts";

/** What comes before the 32 bytes of an Ed25519 private key in DER (RFC 8410). */
const PKCS8_PREFIX = "302e020100300506032b657004220420";

/** The identity of a private key of 32 bytes. */
export function identityOfSeed(hex: string): Identity {
  const der = Buffer.from(PKCS8_PREFIX + hex, "hex");
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const identity = identityFromPem(key.export({ format: "pem", type: "pkcs8" }) as string);
  if (!identity.ok) throw new Error(identity.error);
  return identity.value;
}

/** The principals of the UCAN working group's own vectors. */
export const alice = identityOfSeed(
  "bd51f66ffb2239febbd422ddb50da188ec464997314ed6e0dce40c89df473aff",
);
export const bob = identityOfSeed(
  "5f8fdf91cd4d94e75f1330134afdf8dd190cf7e2c07888a13acfef65403a4221",
);
export const carol = identityOfSeed(
  "42e37406c3b66f610b8a4ed070072fad76362b29fd215d4ddd77e2741ce37977",
);

/** A nonce of four bytes, four times, as those vectors have them. */
export function fourfold(hex: string): Uint8Array {
  return fromHex(hex.repeat(4)) ?? new Uint8Array();
}
