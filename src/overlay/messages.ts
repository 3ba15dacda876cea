import type { Address, NodeId } from "../base/id.ts";
import type { Dot, Entry } from "../replica/entry.ts";
import type { VectorRow } from "../replica/sync.ts";

/** A node and where it may be reached; addresses are hints, the id is what counts. */
export interface Peer {
  readonly id: NodeId;
  readonly addresses: readonly Address[];
}

/** "high": the asker has no neighbour at all, or mends a cut; such a request may evict. */
export type Priority = "high" | "low";
export type Answer = "accepted" | "refused";

/** An entry on its way along the tree; `round` counts its hops. */
export interface Rumour {
  readonly entry: Entry;
  readonly round: number;
}

/** Names an entry without bringing it. */
export interface Announcement {
  readonly origin: NodeId;
  readonly dot: Dot;
  readonly round: number;
}

/** HyParView's messages (DSN 2007, section 4), Plumtree's (SRDS 2007), and anti-entropy's. */
export type Message =
  | { readonly type: "join"; readonly addresses: readonly Address[] }
  | { readonly type: "forward-join"; readonly joiner: Peer; readonly ttl: number }
  | {
      readonly type: "neighbor";
      readonly priority: Priority;
      readonly addresses: readonly Address[];
    }
  | {
      readonly type: "neighbor-reply";
      readonly answer: Answer;
      readonly contacts: readonly Peer[];
    }
  | { readonly type: "disconnect"; readonly contacts: readonly Peer[] }
  | {
      readonly type: "shuffle";
      readonly origin: Peer;
      readonly ttl: number;
      readonly peers: readonly Peer[];
    }
  | { readonly type: "shuffle-reply"; readonly peers: readonly Peer[] }
  /** Keep-alive between active neighbours: it also says "you are in my active view". */
  | { readonly type: "ping"; readonly nonce: number }
  | { readonly type: "pong"; readonly nonce: number }
  | { readonly type: "gossip"; readonly rumours: readonly Rumour[] }
  | { readonly type: "ihave"; readonly announcements: readonly Announcement[] }
  | { readonly type: "graft"; readonly wanted: readonly Announcement[] }
  | { readonly type: "prune" }
  /** Anti-entropy: hash of the whole state; nothing follows when it is equal. */
  | { readonly type: "digest"; readonly digest: Uint8Array }
  | {
      readonly type: "vector";
      readonly rows: readonly VectorRow[];
      /** Whether the sender wants to learn what it lacks only, or both ways. */
      readonly exchange: "both-ways" | "one-way";
    }
  | {
      readonly type: "delta";
      readonly origin: NodeId;
      readonly from: Dot;
      readonly to: Dot;
      readonly entries: readonly Entry[];
      /** "more": the receiver asks again with its new vector. */
      readonly rest: "more" | "none";
    }
  /** A question or an answer about past readings; the overlay only carries it. */
  | { readonly type: "history"; readonly letter: Uint8Array };

export type MessageType = Message["type"];
