import type { Address, NodeId } from "../base/id.ts";

/** A hint that a node may be at some address. Hints are never trusted, only tried. */
export interface Hint {
  /** Whose address it is, where the source says so. */
  readonly id: NodeId | undefined;
  readonly addresses: readonly Address[];
  readonly source: "configured" | "libp2p" | "dns-sd";
}

/** For whoever belongs to no mesh yet and looks for any. */
export const ANY_MESH = "";

/** What a source may tell the LAN about this node: nothing personal, no room, no name. */
export interface Announcement {
  readonly id: NodeId;
  /** The mesh port. */
  readonly port: number;
  /** Where the mesh port listens: an address, "0.0.0.0" for all of IPv4, "::" for all of both. */
  readonly host: string;
  /** First 16 hexadecimal digits of the mesh's root key; nodes of other meshes are not dialled. */
  readonly meshTag: string | typeof ANY_MESH;
  /** Highest wire version spoken. */
  readonly version: number;
}

/** What a source saw of itself, for `status` and `doctor`. */
export interface DiscoveryState {
  readonly source: Hint["source"];
  /** "blind": it runs but can't see or be seen; `detail` says why. */
  readonly state: "working" | "blind" | "off";
  readonly detail: string;
  readonly hints: number;
}

/** A source of hints: configured, libp2p mDNS, DNS-SD. */
export interface Discovery {
  start(listener: (hint: Hint) => void): Promise<void>;
  /** Asks the LAN again soon, because the node has too few neighbours. */
  refresh(): void;
  state(): readonly DiscoveryState[];
  /** Says goodbye where the protocol has one, and frees the sockets. */
  stop(): Promise<void>;
}
