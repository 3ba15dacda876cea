import { bytes, optional, record, text } from "../base/tlv.ts";
import { cidBytes } from "../ucan/ipld.ts";

/**
 * Grants that were made, so that any node lists them and takes them back: `grant/CID`, with the
 * delegations from the root to the grant's key. The key's private half is nowhere but with whom
 * the grant was made for. The name stands beside the tokens, which travel with each request.
 */
const PREFIX = "grant/";
/** As a claim's. */
export const GRANT_NAME_BYTES_MAX = 64;
/** The longest chain, with some room. */
const TOKENS_BYTES_MAX = 7 * 1024;

export const grantRecord = record({
  tokens: bytes(1, TOKENS_BYTES_MAX),
  name: optional(text(2, GRANT_NAME_BYTES_MAX)),
});

export function grantKey(cid: string): string {
  return PREFIX + cid;
}

/** The content id in a grant's key; undefined for other keys. */
export function parseGrantKey(key: string): string | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const cid = key.slice(PREFIX.length);
  return cidBytes(cid) === undefined ? undefined : cid;
}
