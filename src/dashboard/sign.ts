import { getPublicKey, hashes, sign } from "@noble/ed25519";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { chainInTokens } from "../api/grant-chain.ts";
import { type HeldGrant, signRequest } from "../api/signed-request.ts";
import { fromBase64url } from "../base/base64.ts";
import { utf8 } from "../base/bytes.ts";
import { type NodeId, nodeIdOfKey, parseNodeId } from "../base/id.ts";
import { dropGrant, heldGrants, type KeptGrant, keepGrant } from "./grant.ts";

// In plain JavaScript: over plain HTTP browsers give pages no WebCrypto.
hashes.sha512 = sha512;

const NONCE_BYTES = 12;
/** A `Date` header has whole seconds: on average it is half of one old. */
const HALF_SECOND_MS = 500;
const GONE = 404;

/** The node that this page came from, and how far its clock is ahead of this browser's. */
interface Place {
  readonly node: NodeId;
  readonly aheadMs: number;
}

/** Bearer tokens for one request, one for each held grant that covers it. */
export async function tokensFor(
  method: string,
  target: string,
  body: string,
): Promise<readonly string[]> {
  // Each time: the node's clock may have been set since, or another card be in the Pi.
  const at = await askPlace();
  if (at === undefined) return [];
  const nowS = Math.floor((Date.now() + at.aheadMs) / 1_000);
  const request = { node: at.node, method, target, body: utf8(body), nowS };
  const signed: string[] = [];
  for (const kept of heldGrants()) {
    const grant = await opened(kept);
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const token = grant && signRequest(grant, { ...request, nonce }, { sha256 });
    if (token !== undefined) signed.push(token);
  }
  return signed;
}

async function askPlace(): Promise<Place | undefined> {
  const reply = await fetch("/v1/node");
  const { id } = (await reply.json()) as { id?: unknown };
  const node = typeof id === "string" ? parseNodeId(id) : undefined;
  const theirMs = Date.parse(reply.headers.get("date") ?? "");
  const aheadMs = Number.isNaN(theirMs) ? 0 : theirMs + HALF_SECOND_MS - Date.now();
  return node && { node, aheadMs };
}

async function opened(kept: KeptGrant): Promise<HeldGrant | undefined> {
  const seed = fromBase64url(kept.seed);
  if (seed === undefined) return undefined;
  const id = nodeIdOfKey(getPublicKey(seed));
  const tokens = kept.tokens ?? (await tokensOf(kept, id));
  if (tokens === undefined) return undefined;
  const chain = chainInTokens(tokens, id, sha256);
  if (!chain.ok) return undefined;
  return { signer: { id, sign: (bytes) => sign(bytes, seed) }, chain: chain.value };
}

/** The delegations to a key that came by a link; any node of the mesh has them. */
async function tokensOf(kept: KeptGrant, id: NodeId): Promise<string | undefined> {
  const reply = await fetch(`/v1/grants/${encodeURIComponent(id)}`);
  if (reply.status === GONE) dropGrant(kept);
  if (!reply.ok) return undefined;
  const { tokens } = (await reply.json()) as { tokens?: unknown };
  if (typeof tokens !== "string") return undefined;
  keepGrant({ seed: kept.seed, tokens });
  return tokens;
}
