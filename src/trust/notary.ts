import { randomBytes } from "node:crypto";
import { equalBytes } from "../base/bytes.ts";
import { keyOfNodeId, type NodeId, nodeIdOfKey } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Power, Proof } from "../office/admissions.ts";
import { fromContainerBytes } from "../ucan/container.ts";
import { decodeDelegation, delegate } from "../ucan/delegation.ts";
import type { UcanCrypto } from "../ucan/envelope.ts";
import { makeForgetToken, makeReplaceToken } from "./forget-token.ts";
import type { Identity } from "./identity.ts";
import { encodeInvitation, SECRET_BYTES, TAG_BYTES } from "./invitation-code.ts";
import { invitationId, invitationKey } from "./invitation-key.ts";
import { proofBody } from "./join-messages.ts";
import { letIn, type Mesh, readChain } from "./membership.ts";
import type { Membership } from "./membership-file.ts";
import {
  createRevocationJudge,
  parseRevokedKey,
  revocationValue,
  revokedKey,
} from "./revocations.ts";

const NONCE_BYTES = 12;
const COMMANDS: Readonly<Record<Power, string>> = { member: "/mesh/join", admin: "/" };

export interface NotaryParts {
  readonly identity: Identity;
  readonly mesh: Mesh;
  readonly crypto: UcanCrypto;
  readonly membership: Membership;
  /** Keeps a new membership for good; throws where the disk does not take it. */
  keep(membership: Membership): void;
}

/** What was made on the word of a node that goes, and is to stay good. */
export interface Kept {
  readonly credentials: readonly Uint8Array[];
  readonly grants: readonly Uint8Array[];
}

/** Signs for this node what lets others in and puts them out, and checks what others signed. */
export class Notary {
  private membership: Membership;
  private readonly judge: ReturnType<typeof createRevocationJudge>;

  constructor(private readonly parts: NotaryParts) {
    this.membership = parts.membership;
    this.judge = createRevocationJudge(parts.mesh.id, parts.crypto);
  }

  get mesh(): NodeId {
    return this.parts.mesh.id;
  }

  /** What this node shows to others. */
  get credential(): Uint8Array {
    return this.membership.credential;
  }

  own(): { readonly power: Power; readonly issue: number } {
    const { mesh, identity } = this.parts;
    const power = mesh.powerOf(identity.id, this.credential) ?? "member";
    return { power, issue: this.membership.issue };
  }

  powerOf(node: NodeId, credential: Uint8Array): Power | undefined {
    return this.parts.mesh.powerOf(node, credential);
  }

  passesThrough(credential: Uint8Array, node: NodeId): boolean {
    return this.parts.mesh.passesThrough(credential, node);
  }

  issue(node: NodeId, power: Power): Result<Uint8Array> {
    const { identity: issuer, crypto } = this.parts;
    const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
    return letIn({ mesh: this.mesh, issuer, on: this.credential, node, power, nonce }, crypto);
  }

  invite(power: Power) {
    const { identity: issuer, crypto } = this.parts;
    const secret = new Uint8Array(randomBytes(SECRET_BYTES));
    const { id: audience, publicKey: key } = invitationKey(secret);
    const meshTag = (keyOfNodeId(this.mesh) ?? new Uint8Array()).slice(0, TAG_BYTES);
    const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
    const subject = this.mesh;
    const command = COMMANDS[power];
    const delegation = delegate(
      { issuer, audience, subject, command, expiration: null, nonce },
      crypto,
    );
    const code = encodeInvitation({ secret, meshTag });
    return { id: invitationId(key), code, key, delegation: delegation.bytes };
  }

  isInvitation(by: NodeId, key: Uint8Array, power: Power, delegation: Uint8Array): boolean {
    const decoded = decodeDelegation(delegation, this.parts.crypto);
    if (!decoded.ok) return false;
    const { iss, aud, sub, cmd } = decoded.value;
    const isTheirs = iss === by && sub === this.mesh && cmd === COMMANDS[power];
    return isTheirs && equalBytes(keyOfNodeId(aud) ?? new Uint8Array(), key);
  }

  /** What takes an invitation back, as an entry that anybody may carry. */
  revocation(delegation: Uint8Array): Result<{ readonly key: string; readonly value: Uint8Array }> {
    const { identity: revoker, crypto } = this.parts;
    const decoded = decodeDelegation(delegation, crypto);
    const proofs = readChain(this.credential, crypto);
    if (!decoded.ok || proofs === undefined) return err("it is damaged");
    const { cid } = decoded.value;
    const request = { revoker, subject: this.mesh, cid, path: [], proofs };
    return ok({ key: revokedKey(cid), value: revocationValue(request, crypto) });
  }

  /** The key under which an invitation is taken back. */
  revokedKeyOf(delegation: Uint8Array): string | undefined {
    const decoded = decodeDelegation(delegation, this.parts.crypto);
    return decoded.ok ? revokedKey(decoded.value.cid) : undefined;
  }

  isRevocation(key: string, value: Uint8Array): boolean {
    const cid = parseRevokedKey(key);
    return cid !== undefined && this.judge(cid, value);
  }

  isProof({ key, binding, signature }: Proof, joiner: NodeId, member: NodeId): boolean {
    const body = proofBody({ mesh: this.mesh, joiner, member, binding });
    return this.parts.crypto.verify(nodeIdOfKey(key), body, signature);
  }

  /** What puts a node out; what it made of these credentials and grants stays good. */
  forgetToken(node: NodeId, kept: Kept): Uint8Array {
    return makeForgetToken(this.retiring(node, kept), this.parts.crypto);
  }

  /** What gives a node's place to another. */
  replaceToken(node: NodeId, successor: NodeId, kept: Kept): Uint8Array {
    return makeReplaceToken({ ...this.retiring(node, kept), successor }, this.parts.crypto);
  }

  private retiring(node: NodeId, kept: Kept) {
    const { identity: issuer, crypto } = this.parts;
    const proofs = readChain(this.credential, crypto) ?? [];
    const granted = kept.grants.flatMap((tokens) => {
      const all = fromContainerBytes(tokens);
      return all.ok ? all.value.map((token) => decodeDelegation(token, crypto)) : [];
    });
    const links = [
      ...kept.credentials.flatMap((one) => readChain(one, crypto) ?? []),
      ...granted.flatMap((link) => (link.ok ? [link.value] : [])),
    ];
    const keep = [...new Set(links.filter(({ iss }) => iss === node).map(({ cid }) => cid))];
    return { issuer, mesh: this.mesh, node, keep, proofs };
  }

  adopt(credential: Uint8Array, issue: number): Result<void> {
    const { identity, mesh, keep } = this.parts;
    if (mesh.powerOf(identity.id, credential) === undefined) return err("it is not for this node");
    const membership = { ...this.membership, credential, issue };
    try {
      keep(membership);
    } catch (error) {
      return err(`it can't be kept: ${(error as Error).message}`);
    }
    this.membership = membership;
    return ok(undefined);
  }
}
