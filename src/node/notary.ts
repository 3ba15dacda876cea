import type { NodeId } from "../base/id.ts";
import type { Result } from "../base/result.ts";
import type { Power, Proof } from "../office/admissions.ts";

/** What letting nodes in and putting them out needs of keys and signatures; handed in. */
export interface Notary {
  /** The mesh's root key. */
  readonly mesh: NodeId;
  /** What this node itself may do now. */
  own(): { readonly power: Power; readonly issue: number };
  /** What a credential lets a node do; undefined where it does not even let it in. */
  powerOf(node: NodeId, credential: Uint8Array): Power | undefined;
  /** Whether one node was let in by another, directly or not. */
  passesThrough(credential: Uint8Array, node: NodeId): boolean;
  /** A credential for a node, on top of this node's own; the error is for people. */
  issue(node: NodeId, power: Power): Result<Uint8Array>;
  /** A new invitation: its code for people, and what the state holds of it. */
  invite(power: Power): {
    readonly id: string;
    readonly code: string;
    readonly key: Uint8Array;
    readonly delegation: Uint8Array;
  };
  /** Whether an invitation was made for its key by a node, with this power. */
  isInvitation(by: NodeId, key: Uint8Array, power: Power, delegation: Uint8Array): boolean;
  /** What takes an invitation back, as an entry that anybody may carry. */
  revocation(delegation: Uint8Array): Result<{ readonly key: string; readonly value: Uint8Array }>;
  /** The key under which an invitation is taken back; undefined where it is damaged. */
  revokedKeyOf(delegation: Uint8Array): string | undefined;
  isRevocation(key: string, value: Uint8Array): boolean;
  /** Whether the holder of an invitation's secret asked `member` to let `joiner` in. */
  isProof(proof: Proof, joiner: NodeId, member: NodeId): boolean;
  /** What puts a node out, for everybody; what it made of these stays good. */
  forgetToken(
    node: NodeId,
    kept: { readonly credentials: readonly Uint8Array[]; readonly grants: readonly Uint8Array[] },
  ): Uint8Array;
  /** What gives a node's place to another, for everybody; what it made of these stays good. */
  replaceToken(
    node: NodeId,
    successor: NodeId,
    kept: { readonly credentials: readonly Uint8Array[]; readonly grants: readonly Uint8Array[] },
  ): Uint8Array;
  /** Takes a new credential of this node, for good. */
  adopt(credential: Uint8Array, issue: number): Result<void>;
}
