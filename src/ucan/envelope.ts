import { concatBytes, equalBytes } from "../base/bytes.ts";
import { type NodeId, parseNodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { decodeDagCbor } from "./dag-cbor-decode.ts";
import { encodeDagCbor } from "./dag-cbor-encode.ts";
import { cidOf, type Ipld, type IpldMap, isMap, type Sha256 } from "./ipld.ts";

/** Whoever signs: a node, the root of a mesh, or the key of a grant. */
export interface Signer {
  readonly id: NodeId;
  sign(bytes: Uint8Array): Uint8Array;
}

/** What checking a token takes, handed in: Node and browsers have different ones. */
export interface UcanCrypto {
  readonly sha256: Sha256;
  readonly verify: (id: NodeId, bytes: Uint8Array, signature: Uint8Array) => boolean;
}

/** Any token: its bytes, and the content id that is their hash. */
export interface Token {
  readonly cid: string;
  readonly bytes: Uint8Array;
}

export type Kind = "dlg" | "inv";

/** As much as one entry of the replica may hold. */
export const TOKEN_BYTES_MAX = 8 * 1024;
/** Varsig v1 header: EdDSA, edwards25519, SHA2-512, over DAG-CBOR. */
const ED25519_HEADER = Uint8Array.of(0x34, 0x01, 0xed, 0x01, 0xed, 0x01, 0x13, 0x71);
/** What the specification's text says, and then what its own vectors carry. */
const VERSIONS = ["1.0.0-rc.1", "1.0.0"] as const;
export type Version = (typeof VERSIONS)[number];
/** An array of two, then a byte string of 64: the one start of an envelope, before the payload. */
const ENVELOPE_HEAD = Uint8Array.of(0x82, 0x58, 0x40);
const SIGNATURE_BYTES = 64;
const SIGNED_AT = ENVELOPE_HEAD.length + SIGNATURE_BYTES;

/** Signs a payload and puts it into its envelope (UCAN, Envelope). */
export function seal(
  kind: Kind,
  payload: IpldMap,
  signer: Signer,
  { sha256 }: { readonly sha256: Sha256 },
  version: Version = VERSIONS[0],
): Token {
  const signed = encodeDagCbor({ h: ED25519_HEADER, [`ucan/${kind}@${version}`]: payload });
  const bytes = concatBytes([ENVELOPE_HEAD, signer.sign(signed), signed]);
  return { cid: cidOf(bytes, sha256), bytes };
}

/** An envelope's payload, its signature checked against its `iss`. */
export function unseal(
  kind: Kind,
  bytes: Uint8Array,
  { sha256, verify }: UcanCrypto,
): Result<{ readonly token: Token; readonly payload: IpldMap; readonly iss: NodeId }> {
  if (bytes.length > TOKEN_BYTES_MAX) return err(`a token over ${TOKEN_BYTES_MAX} bytes`);
  if (!equalBytes(bytes.subarray(0, ENVELOPE_HEAD.length), ENVELOPE_HEAD)) {
    return err("no envelope of an Ed25519 signature");
  }
  const signed = bytes.subarray(SIGNED_AT);
  const decoded = decodeDagCbor(signed);
  if (!decoded.ok) return decoded;
  const payload = payloadOf(kind, decoded.value);
  if (payload === undefined) return err(`no UCAN 1.0 envelope of kind ${kind}`);
  const iss = principal(payload.iss);
  if (iss === undefined) return err("its issuer is no Ed25519 did:key");
  const signature = bytes.subarray(ENVELOPE_HEAD.length, SIGNED_AT);
  if (!verify(iss, signed, signature)) return err("its signature is not its issuer's");
  const token = { cid: cidOf(bytes, sha256), bytes: bytes.slice() };
  return ok({ token, payload, iss });
}

function payloadOf(kind: Kind, signed: Ipld): IpldMap | undefined {
  if (!isMap(signed) || Object.keys(signed).length !== 2) return undefined;
  const { h: header } = signed;
  if (!(header instanceof Uint8Array) || !equalBytes(header, ED25519_HEADER)) return undefined;
  for (const version of VERSIONS) {
    const payload = signed[`ucan/${kind}@${version}`];
    if (payload !== undefined && isMap(payload)) return payload;
  }
  return undefined;
}

/** A principal that a signature can be checked for. */
export function principal(value: Ipld | undefined): NodeId | undefined {
  return typeof value === "string" ? parseNodeId(value) : undefined;
}

/** Whole seconds of Unix time, as times are given in tokens. */
export function isSeconds(value: Ipld | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** True where a payload has a field that its kind does not. */
export function hasOtherThan(payload: IpldMap, fields: readonly string[]): boolean {
  return Object.keys(payload).some((key) => !fields.includes(key));
}
