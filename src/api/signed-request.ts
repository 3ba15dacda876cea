import type { NodeId } from "../base/id.ts";
import { checkChain } from "../ucan/chain.ts";
import { containerText } from "../ucan/container.ts";
import type { Delegation } from "../ucan/delegation.ts";
import type { Signer } from "../ucan/envelope.ts";
import { invoke } from "../ucan/invocation.ts";
import type { IpldMap, Sha256 } from "../ucan/ipld.ts";
import { guardOf } from "./commands.ts";

/** How long a signed request may be on its way. A guess: a slow phone on a busy Wi-Fi. */
const LIFE_S = 60;

/** The power that somebody holds: a key, and how it came to it from the root on. */
export interface HeldGrant {
  readonly signer: Signer;
  readonly chain: readonly Delegation[];
}

export interface RequestToSign {
  /** The node that is to do it. */
  readonly node: NodeId;
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly target: string;
  readonly body: Uint8Array;
  /** Unix seconds by that node's clock. */
  readonly nowS: number;
  readonly nonce: Uint8Array;
}

/** What an invocation says of the one request that it is for: no other can be made of it. */
export function requestArgs(
  { method, target }: Pick<RequestToSign, "method" | "target">,
  bodyHash: Uint8Array,
  limits: IpldMap,
): IpldMap {
  return { ...limits, method, path: target, body: bodyHash };
}

/**
 * The bearer token for one request: an invocation with its proofs, good for a minute, at one node,
 * once. Undefined where the grant gives no such power.
 */
export function signRequest(
  { signer, chain }: HeldGrant,
  request: RequestToSign,
  crypto: { readonly sha256: Sha256 },
): string | undefined {
  const { node, method, target, body, nowS, nonce } = request;
  const guard = guardOf(method, target);
  const subject = chain[0]?.iss;
  if (guard === undefined || subject === undefined) return undefined;
  const args = requestArgs(request, crypto.sha256(body), guard.limits);
  const question = { subject, audience: signer.id, args, proofs: chain };
  const command = guard.commands.find(
    (one) => checkChain({ ...question, command: one, isRevoked: () => false, now: "timeless" }).ok,
  );
  if (command === undefined) return undefined;
  const invocation = invoke(
    {
      issuer: signer,
      subject,
      audience: node,
      command,
      args,
      proofs: chain,
      expiration: nowS + LIFE_S,
      issuedAt: nowS,
      nonce,
    },
    crypto,
  );
  return containerText([invocation, ...chain]);
}
