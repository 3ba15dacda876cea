import { base58, fromBase58 } from "./base58.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A node's identity: its Ed25519 public key as a `did:key` (W3C did:key method, 0xed01 prefix). */
export type NodeId = Branded<"NodeId">;

/** Where a node may be reached: `host:port`, an IPv6 host in square brackets. */
export type Address = Branded<"Address">;

const PREFIX = "did:key:z";
const ED25519_MULTICODEC = [0xed, 0x01] as const;
export const PUBLIC_KEY_BYTES = 32;

/** The identity of a 32-byte Ed25519 public key. */
export function nodeIdOfKey(publicKey: Uint8Array): NodeId {
  const prefixed = new Uint8Array(PUBLIC_KEY_BYTES + 2);
  prefixed.set(ED25519_MULTICODEC);
  prefixed.set(publicKey.subarray(0, PUBLIC_KEY_BYTES), 2);
  return (PREFIX + base58(prefixed)) as NodeId;
}

/** The public key inside an identity, or undefined where the text is not an Ed25519 did:key. */
export function keyOfNodeId(id: string): Uint8Array | undefined {
  if (!id.startsWith(PREFIX)) return undefined;
  const bytes = fromBase58(id.slice(PREFIX.length));
  if (bytes?.length !== PUBLIC_KEY_BYTES + 2) return undefined;
  if (bytes[0] !== ED25519_MULTICODEC[0] || bytes[1] !== ED25519_MULTICODEC[1]) return undefined;
  return bytes.subarray(2);
}

/** A text as an identity, or undefined where it is none. */
export function parseNodeId(text: string): NodeId | undefined {
  return keyOfNodeId(text) === undefined ? undefined : (text as NodeId);
}

/** The last eight characters: enough for people to tell nodes apart, never to decide anything. */
export function shortId(id: NodeId): string {
  return id.slice(-8);
}

/** `host:port` as an address, or undefined where it is not one. IPv6 hosts need brackets. */
export function parseAddress(text: string): Address | undefined {
  const parts = splitAddress(text);
  return parts === undefined ? undefined : (text as Address);
}

/** An address from its parts; brackets are put around an IPv6 host. */
export function addressOf(host: string, port: number): Address {
  return (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`) as Address;
}

/** Host (without brackets) and port (1 to 65535) of an address. */
export function splitAddress(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}
