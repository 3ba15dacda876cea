import { base58, fromBase58 } from "../base/base58.ts";
import { concatBytes, equalBytes } from "../base/bytes.ts";

/** CIDv1, codec dag-cbor, multihash sha2-256 of 32 bytes: the only one that tokens may have. */
const CID_PREFIX = Uint8Array.of(0x01, 0x71, 0x12, 0x20);
const HASH_BYTES = 32;
export const CID_BYTES = CID_PREFIX.length + HASH_BYTES;
/** Multibase's letter for base58btc, in which the UCAN specification has them written. */
const MULTIBASE = "z";

/** A link to a token by its content id, written in base58btc (`zdpu...`). */
export class Link {
  constructor(readonly cid: string) {}
}

/** What a token's fields may hold: IPLD's data model, integers of 53 bits. */
export type Ipld = null | boolean | number | string | Uint8Array | Link | readonly Ipld[] | IpldMap;
export interface IpldMap {
  readonly [key: string]: Ipld;
}

export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** The content id of a token's bytes. */
export function cidOf(bytes: Uint8Array, sha256: Sha256): string {
  return cidText(concatBytes([CID_PREFIX, sha256(bytes)]));
}

/** A content id as text. */
export function cidText(bytes: Uint8Array): string {
  return MULTIBASE + base58(bytes);
}

/** The bytes of a token's content id; undefined where the text is none. */
export function cidBytes(text: string): Uint8Array | undefined {
  if (!text.startsWith(MULTIBASE)) return undefined;
  const bytes = fromBase58(text.slice(1));
  return bytes !== undefined && isCid(bytes) ? bytes : undefined;
}

/** True for the bytes of a token's content id. */
export function isCid(bytes: Uint8Array): boolean {
  return bytes.length === CID_BYTES && CID_PREFIX.every((byte, at) => bytes[at] === byte);
}

export function isMap(value: Ipld): value is IpldMap {
  if (value === null || typeof value !== "object") return false;
  return !Array.isArray(value) && !(value instanceof Uint8Array) && !(value instanceof Link);
}

export function isList(value: Ipld): value is readonly Ipld[] {
  return Array.isArray(value);
}

/** Deep equality; 1 and 1.0 are the same number. */
export function equalIpld(left: Ipld, right: Ipld): boolean {
  if (left === right) return true;
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return left instanceof Uint8Array && right instanceof Uint8Array && equalBytes(left, right);
  }
  if (left instanceof Link || right instanceof Link) {
    return left instanceof Link && right instanceof Link && left.cid === right.cid;
  }
  if (isList(left) || isList(right)) {
    if (!isList(left) || !isList(right) || left.length !== right.length) return false;
    return left.every((item, at) => equalIpld(item, right[at] ?? null));
  }
  if (!isMap(left) || !isMap(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every(
    (key) => Object.hasOwn(right, key) && equalIpld(left[key] ?? null, right[key] ?? null),
  );
}
