import type { Id, Instant } from "./types.ts";

/** This node's place in its mesh. */
export interface MembershipDocument {
  readonly mesh: Id;
  /** How the mesh's root key begins, for people to compare. */
  readonly fingerprint: string;
  readonly power: "member" | "admin";
  /** The nodes that may let others in and put them out. */
  readonly admins: readonly {
    readonly id: Id;
    readonly name: string;
    readonly alive: boolean;
  }[];
}

export interface InvitationDocument {
  readonly id: string;
  /** For which node it is; null where nobody said. */
  readonly name: string | null;
  readonly power: "member" | "admin";
  readonly uses: number;
  /** More than `uses` where nodes were let in on both sides of a cut. */
  readonly used: number;
  readonly expires: Instant;
  readonly by: string;
  readonly state: "open" | "used-up" | "expired" | "revoked";
  /** Told once, to who made it. */
  readonly code?: string;
}

/** A node that asks to be let in. */
export interface PendingDocument {
  readonly id: Id;
  readonly fingerprint: string;
  /** What it calls itself: nobody has checked it. */
  readonly name: string;
  readonly address: string;
  /** The members at which it knocked, by name. */
  readonly seen_by: readonly string[];
  /** Of a node that is in, and asks for a dead one's place: that one's name. */
  readonly replaces?: string;
}

/** A node's place that another asks for or has. */
export interface ReplacementDocument {
  /** The old node. */
  readonly node: Id;
  readonly name: string;
  readonly room: string;
  /** The node that asks, and its fingerprint. */
  readonly by: Id;
  readonly fingerprint: string;
  /** "lost": another node has the place. */
  readonly state: "waiting" | "done" | "lost";
  /** Who has the place; null while nobody has. */
  readonly successor: Id | null;
  /** What the old node measured. */
  readonly sensors: readonly {
    readonly name: string;
    readonly kinds: readonly string[];
    readonly every_s: number;
  }[];
}
