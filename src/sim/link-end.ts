import type { NodeId } from "../base/id.ts";
import type { Initiator, LinkFailure } from "../link/port.ts";

/** Whose links they are. */
export interface Who {
  readonly host: string;
  readonly self: NodeId;
  readonly boot: string;
  /** Nodes of other meshes are refused. */
  readonly mesh: string;
}

/** What the network knows of a process that has links. */
export interface Endpoint {
  readonly host: string;
  readonly self: NodeId;
  readonly who: Who;
  readonly isUp: boolean;
  admits(peer: NodeId): boolean;
  up(end: SimEnd): void;
  receive(end: SimEnd, frame: Uint8Array): void;
  lost(end: SimEnd): void;
  refuse(remote: string, reason: LinkFailure): void;
  retransmit(host: string): void;
}

/** One end of a link. */
export class SimEnd {
  far: SimEnd = this;
  state: "new" | "up" | "down" = "new";
  lastArrivalMs = 0;
  /** Frames that TCP keeps while the path is cut. */
  held: Uint8Array[] = [];
  bytesIn = 0;
  bytesOut = 0;

  constructor(
    readonly transport: Endpoint,
    readonly initiator: Initiator,
  ) {}

  /** Of two crossed links both ends keep the one that the smaller identity opened. */
  get opener(): NodeId {
    return this.initiator === "self" ? this.transport.self : this.far.transport.self;
  }
}
