import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import type { Power } from "../office/admissions.ts";

export type { Power } from "../office/admissions.ts";

/** This node's place in its mesh. */
export interface OwnMembership {
  /** The mesh's root key as a did:key. */
  readonly mesh: NodeId;
  readonly fingerprint: string;
  readonly power: Power;
  /** The nodes that may let others in, and whether each is heard of. */
  readonly admins: readonly {
    readonly id: NodeId;
    readonly name: string;
    readonly isAlive: boolean;
  }[];
}

export interface InvitationRequest {
  readonly uses: number;
  readonly expiresMs: Millis;
  readonly power: Power;
  readonly name?: string;
}

/** An invitation as told to people: whether it can still be used, and by whom it was made. */
export interface ToldInvitation {
  readonly id: string;
  readonly name: string | undefined;
  readonly power: Power;
  readonly uses: number;
  readonly used: number;
  readonly expiresWallMs: Millis;
  readonly by: string;
  readonly state: "open" | "used-up" | "expired" | "revoked";
}

/** One just made, with the code that is told this once. */
export interface MadeInvitation extends ToldInvitation {
  readonly code: string;
}

/** A node that asks to be let in, as people are told of it. */
export interface PendingNode {
  readonly id: NodeId;
  readonly fingerprint: string;
  /** What it calls itself: nobody has checked it. */
  readonly name: string;
  readonly address: string;
  /** The members at which it knocked. */
  readonly seenBy: readonly string[];
  /** Of a node that is in, and asks for a dead one's place: that one's name. */
  readonly replaces?: string;
}

export interface Forgotten {
  readonly id: NodeId;
  readonly name: string;
  /** Nodes that it had let in, and that stay. */
  readonly kept: readonly string[];
}
