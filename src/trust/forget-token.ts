import { toHex, utf8 } from "../base/bytes.ts";
import { type NodeId, parseNodeId } from "../base/id.ts";
import { checkChain } from "../ucan/chain.ts";
import { containerBytes, fromContainerBytes } from "../ucan/container.ts";
import { type Delegation, decodeDelegation } from "../ucan/delegation.ts";
import type { Signer, UcanCrypto } from "../ucan/envelope.ts";
import { decodeInvocation, type Invocation, invoke } from "../ucan/invocation.ts";
import { type Ipld, isList, type Sha256 } from "../ucan/ipld.ts";

const COMMAND = "/mesh/forget";
/** Nodes that one node let in. A guess; with it a token stays under 5 kB. */
const KEEP_MAX = 256;
/** Of each delegation that stays good so much of a hash is told: nobody finds another such. */
const KEEP_BYTES = 12;

/** What a token says. */
export interface ForgetToken {
  readonly node: NodeId;
  /** Whether a delegation that the node made stays good: others came in by it. */
  keeps(cid: string): boolean;
}

export interface Forgetting {
  readonly issuer: Signer;
  readonly mesh: NodeId;
  readonly node: NodeId;
  /** Content ids of delegations that the node made and that stay good. */
  readonly keep: readonly string[];
  /** What gives the issuer the power. */
  readonly proofs: readonly Delegation[];
}

/**
 * What proves that a node was put out of the mesh: an invocation of `/mesh/forget` with all that
 * proves its issuer's power. It names the node and not one of its credentials, so that none of
 * them helps it back in. Of what it signed for others only what is named stays good, so that those
 * it let in stay, and nobody else comes in with a stolen key.
 */
export function makeForgetToken(
  { issuer, mesh: subject, node, keep, proofs }: Forgetting,
  crypto: UcanCrypto,
): Uint8Array {
  const kept = keep.slice(0, KEEP_MAX).map((cid) => mark(cid, crypto.sha256));
  const made = invoke(
    {
      issuer,
      subject,
      command: COMMAND,
      args: { node, keep: kept },
      proofs,
      expiration: null,
      nonce: new Uint8Array(),
    },
    crypto,
  );
  return containerBytes([made, ...proofs]);
}

/**
 * What a token says; undefined where it is none by somebody who may. It is judged by its own
 * bytes alone: that its issuer was put out later does not undo it.
 */
export function readForgetToken(
  token: Uint8Array,
  mesh: NodeId,
  crypto: UcanCrypto,
): ForgetToken | undefined {
  const tokens = fromContainerBytes(token);
  if (!tokens.ok) return undefined;
  const links = new Map<string, Delegation>();
  let found: Invocation | undefined;
  for (const bytes of tokens.value) {
    const link = decodeDelegation(bytes, crypto);
    if (link.ok) links.set(link.value.cid, link.value);
    else {
      const invocation = decodeInvocation(bytes, crypto);
      if (!invocation.ok || found !== undefined) return undefined;
      found = invocation.value;
    }
  }
  if (found?.cmd !== COMMAND || found.sub !== mesh) return undefined;
  const { iss: audience, args, prf } = found;
  const node = typeof args.node === "string" ? parseNodeId(args.node) : undefined;
  const proofs = prf.flatMap((cid) => links.get(cid) ?? []);
  const question = { subject: mesh, audience, command: COMMAND, args, proofs };
  const judged = checkChain({ ...question, isRevoked: () => false, now: "timeless" });
  if (node === undefined || !judged.ok || proofs.length !== prf.length) return undefined;
  const kept = new Set(marksOf(args.keep));
  return { node, keeps: (cid) => kept.has(toHex(mark(cid, crypto.sha256))) };
}

function mark(cid: string, sha256: Sha256): Uint8Array {
  return sha256(utf8(cid)).slice(0, KEEP_BYTES);
}

function marksOf(value: Ipld | undefined): readonly string[] {
  if (value === undefined || !isList(value)) return [];
  return value.flatMap((one) => (one instanceof Uint8Array ? [toHex(one)] : []));
}
