import { toHex, utf8 } from "../base/bytes.ts";
import { type NodeId, parseNodeId } from "../base/id.ts";
import { checkChain } from "../ucan/chain.ts";
import { containerBytes, fromContainerBytes } from "../ucan/container.ts";
import { type Delegation, decodeDelegation } from "../ucan/delegation.ts";
import type { Signer, UcanCrypto } from "../ucan/envelope.ts";
import { decodeInvocation, type Invocation, invoke } from "../ucan/invocation.ts";
import { type Ipld, type IpldMap, isList, type Sha256 } from "../ucan/ipld.ts";

const FORGET = "/mesh/forget";
const REPLACE = "/mesh/replace";
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

/** What a token says that gives a node's place to another. */
export interface ReplaceToken extends ForgetToken {
  readonly successor: NodeId;
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
export function makeForgetToken(forgetting: Forgetting, crypto: UcanCrypto): Uint8Array {
  return makeToken(forgetting, FORGET, {}, crypto);
}

/**
 * What proves that a node's place was given to another: the same, under a command of its own, so
 * that nobody can make it into a token that drops what the old node wrote.
 */
export function makeReplaceToken(
  { successor, ...retiring }: Forgetting & { readonly successor: NodeId },
  crypto: UcanCrypto,
): Uint8Array {
  return makeToken(retiring, REPLACE, { successor }, crypto);
}

function makeToken(
  { issuer, mesh: subject, node, keep, proofs }: Forgetting,
  command: string,
  more: IpldMap,
  crypto: UcanCrypto,
): Uint8Array {
  const kept = keep.slice(0, KEEP_MAX).map((cid) => mark(cid, crypto.sha256));
  const made = invoke(
    {
      issuer,
      subject,
      command,
      args: { node, keep: kept, ...more },
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
  return readToken(token, mesh, FORGET, crypto);
}

/** The same of a token that gives a node's place away. */
export function readReplaceToken(
  token: Uint8Array,
  mesh: NodeId,
  crypto: UcanCrypto,
): ReplaceToken | undefined {
  const read = readToken(token, mesh, REPLACE, crypto);
  const named = read?.args.successor;
  const successor = typeof named === "string" ? parseNodeId(named) : undefined;
  if (read === undefined || successor === undefined || successor === read.node) return undefined;
  return { ...read, successor };
}

function readToken(
  token: Uint8Array,
  mesh: NodeId,
  command: string,
  crypto: UcanCrypto,
): (ForgetToken & { readonly args: IpldMap }) | undefined {
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
  if (found?.cmd !== command || found.sub !== mesh) return undefined;
  const { iss: audience, args, prf } = found;
  const node = typeof args.node === "string" ? parseNodeId(args.node) : undefined;
  const proofs = prf.flatMap((cid) => links.get(cid) ?? []);
  const question = { subject: mesh, audience, command, args, proofs };
  const judged = checkChain({ ...question, isRevoked: () => false, now: "timeless" });
  if (node === undefined || !judged.ok || proofs.length !== prf.length) return undefined;
  const kept = new Set(marksOf(args.keep));
  return { node, args, keeps: (cid) => kept.has(toHex(mark(cid, crypto.sha256))) };
}

function mark(cid: string, sha256: Sha256): Uint8Array {
  return sha256(utf8(cid)).slice(0, KEEP_BYTES);
}

function marksOf(value: Ipld | undefined): readonly string[] {
  if (value === undefined || !isList(value)) return [];
  return value.flatMap((one) => (one instanceof Uint8Array ? [toHex(one)] : []));
}
