import type { NodeId } from "../base/id.ts";
import type { Entry } from "../replica/entry.ts";
import type { Offence } from "./conduct.ts";
import type { Message, Peer } from "./messages.ts";

/** What the overlay asks of its shell. Performed in order. */
export type Effect =
  | { readonly type: "send"; readonly to: NodeId; readonly message: Message }
  /** Open a link by whatever address works; ends in link-up or dial-failed. */
  | { readonly type: "dial"; readonly peer: Peer }
  | { readonly type: "close"; readonly peer: NodeId }
  | { readonly type: "neighbor-up"; readonly peer: NodeId }
  | { readonly type: "neighbor-down"; readonly peer: NodeId; readonly reason: DownReason }
  /** Entries that changed the state, for the store and the office. */
  | { readonly type: "deliver"; readonly entries: readonly Entry[] }
  /** A peer asks or answers about past readings. */
  | { readonly type: "letter"; readonly from: NodeId; readonly letter: Uint8Array }
  /** A peer sent what no honest peer sends. */
  | { readonly type: "misbehaved"; readonly peer: NodeId; readonly fault: Fault }
  /** An entry of an origin that writes more than is taken of one; it is fetched later. */
  | { readonly type: "put-off"; readonly origin: NodeId };

export type DownReason = "link-lost" | "silent" | "told" | "evicted";

/**
 * What is counted of a link. Offences are held against it; "banned" is the end of it.
 */
export type Fault = Offence | "unadmitted" | "full" | "equivocation" | "overflow" | "banned";
