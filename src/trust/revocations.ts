import type { NodeId } from "../base/id.ts";
import type { Replica } from "../replica/replica.ts";
import { checkChain, holderOf } from "../ucan/chain.ts";
import { containerBytes, fromContainerBytes } from "../ucan/container.ts";
import { type Delegation, decodeDelegation } from "../ucan/delegation.ts";
import type { Signer, UcanCrypto } from "../ucan/envelope.ts";
import { decodeInvocation, type Invocation, invoke } from "../ucan/invocation.ts";
import { cidBytes, type Ipld, isList, Link } from "../ucan/ipld.ts";

/**
 * What was taken back, as a set that only grows: `revoked/CID` holds a revocation (UCAN Revocation
 * 1.0.0-rc.1, an invocation of `/ucan/revoke`) with all that proves it. It is judged by its own
 * bytes alone, whoever carries it and whether what it names is here yet, so that every replica
 * judges the same. That its own signer was taken back later does not undo it.
 */
const PREFIX = "revoked/";
const COMMAND = "/ucan/revoke";

export function revokedKey(cid: string): string {
  return PREFIX + cid;
}

/** The content id that a key says was taken back; undefined for other keys. */
export function parseRevokedKey(key: string): string | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const cid = key.slice(PREFIX.length);
  return cidBytes(cid) === undefined ? undefined : cid;
}

export interface RevocationRequest {
  readonly revoker: Signer;
  /** The mesh's root. */
  readonly subject: NodeId;
  readonly cid: string;
  /** From the root to what is taken back, where the revoker issued a link of it; else empty. */
  readonly path: readonly Delegation[];
  /** What gives the revoker its own power; none for the root. */
  readonly proofs: readonly Delegation[];
}

/** A revocation as the value of its entry: the same bytes each time. */
export function revocationValue(request: RevocationRequest, crypto: UcanCrypto): Uint8Array {
  const { revoker, subject, cid, path, proofs } = request;
  const revocation = invoke(
    {
      issuer: revoker,
      subject,
      command: COMMAND,
      args: { revoke: new Link(cid), path: path.map((link) => new Link(link.cid)) },
      proofs,
      expiration: null,
      nonce: new Uint8Array(),
    },
    crypto,
  );
  return containerBytes([revocation, ...path, ...proofs]);
}

/** Whether a value is a revocation of a content id by somebody who may. */
export type RevocationJudge = (cid: string, value: Uint8Array) => boolean;

/**
 * Judges revocations in a mesh, each value once. The revoker must have issued a link on the way
 * from the root to what is taken back, or have the power to revoke (as `/` gives it).
 */
export function createRevocationJudge(root: NodeId, crypto: UcanCrypto): RevocationJudge {
  const judged = new WeakMap<Uint8Array, string>();
  return (cid, value) => {
    const known = judged.get(value) ?? revokedBy(value, root, crypto) ?? "";
    judged.set(value, known);
    return known === cid;
  };
}

/** Whether anybody's entry takes a token back. */
export function isRevokedIn(
  replica: Pick<Replica, "origins" | "get">,
  cid: string,
  judge: RevocationJudge,
): boolean {
  const key = revokedKey(cid);
  for (const { origin } of replica.origins()) {
    const value = replica.get(origin, key)?.entry.value;
    if (value !== undefined && judge(cid, value)) return true;
  }
  return false;
}

/** What a value takes back; undefined where it is no revocation by somebody who may. */
function revokedBy(value: Uint8Array, root: NodeId, crypto: UcanCrypto): string | undefined {
  const tokens = fromContainerBytes(value);
  if (!tokens.ok) return undefined;
  const links = new Map<string, Delegation>();
  let revocation: Invocation | undefined;
  for (const bytes of tokens.value) {
    const link = decodeDelegation(bytes, crypto);
    if (link.ok) links.set(link.value.cid, link.value);
    else {
      const invocation = decodeInvocation(bytes, crypto);
      if (!invocation.ok || revocation !== undefined) return undefined;
      revocation = invocation.value;
    }
  }
  if (revocation?.cmd !== COMMAND || revocation.sub !== root) return undefined;
  const { revoke, path = [] } = revocation.args;
  if (!(revoke instanceof Link)) return undefined;
  const may = mayRevoke(revocation, root, links) || isOnPath(revocation, root, path, links);
  return may ? revoke.cid : undefined;
}

type Links = ReadonlyMap<string, Delegation>;

function mayRevoke({ iss, cmd, args, prf }: Invocation, root: NodeId, links: Links): boolean {
  const proofs = chainOf(prf, links);
  if (proofs === undefined) return false;
  const isRevoked = () => false;
  const question = { subject: root, audience: iss, command: cmd, args, proofs, isRevoked };
  return checkChain({ ...question, now: "timeless" }).ok;
}

function isOnPath({ iss, args }: Invocation, root: NodeId, path: Ipld, links: Links): boolean {
  if (!isList(path)) return false;
  const named = path.flatMap((item) => (item instanceof Link ? [item.cid] : []));
  const chain = chainOf(named, links);
  if (chain === undefined || named.length !== path.length || !holderOf(root, chain).ok)
    return false;
  const { revoke } = args;
  if (!(revoke instanceof Link) || chain.at(-1)?.cid !== revoke.cid) return false;
  return chain.some((link) => link.iss === iss);
}

function chainOf(cids: readonly string[], links: Links): readonly Delegation[] | undefined {
  const chain = cids.flatMap((cid) => links.get(cid) ?? []);
  return chain.length === cids.length ? chain : undefined;
}
