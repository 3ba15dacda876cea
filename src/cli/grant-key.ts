import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";
import { chainInTokens } from "../api/grant-chain.ts";
import { parseGrantText } from "../api/grant-text.ts";
import { type HeldGrant, signRequest } from "../api/signed-request.ts";
import { type NodeId, nodeIdOfKey } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Signer } from "../ucan/envelope.ts";
import type { Sha256 } from "../ucan/ipld.ts";

/** What comes before the 32 bytes of an Ed25519 private key in DER (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const NONCE_BYTES = 12;

const sha256: Sha256 = (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());

/** A new private key for a grant, and the identity of its public half. */
export function newGrantKey(): { readonly seed: Uint8Array; readonly id: NodeId } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d = "" } = privateKey.export({ format: "jwk" });
  const seed = new Uint8Array(Buffer.from(d, "base64url"));
  return { seed, id: signerOf(seed).id };
}

/** Signs with a private key of 32 bytes. */
function signerOf(seed: Uint8Array): Signer {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  const id = nodeIdOfKey(new Uint8Array(Buffer.from(x, "base64url")));
  return { id, sign: (bytes) => new Uint8Array(sign(null, bytes, key)) };
}

/** A grant out of its text; the error says what is wrong with it. */
export function readGrant(text: string): Result<HeldGrant> {
  const parts = parseGrantText(text);
  if (parts?.tokens === undefined) return err('a token is what "watercooler grant" printed');
  const signer = signerOf(parts.seed);
  const chain = chainInTokens(parts.tokens, signer.id, sha256);
  return chain.ok
    ? ok({ signer, chain: chain.value })
    : err(`the token is damaged: ${chain.error}`);
}

/** The bearer token for one request; undefined where the grant gives no such power. */
export function signedFor(
  grant: HeldGrant,
  at: { readonly node: NodeId; readonly nowS: number },
  request: { readonly method: string; readonly target: string; readonly body: Uint8Array },
): string | undefined {
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  return signRequest(grant, { ...request, ...at, nonce }, { sha256 });
}
