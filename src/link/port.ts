import type { Address, NodeId } from "../base/id.ts";
import type { Result } from "../base/result.ts";

/** Which end opened a link; it settles which of two crossed links stays. */
export type Initiator = "self" | "peer";

/** Why a link is no more, or was never made. Each is counted under its own name. */
export type LinkFailure =
  | "unreachable" // nobody answered, or the connection broke before the handshake was done
  | "closed" // the other end closed it, or the connection broke
  | "replaced" // a newer link to the same peer took its place, or one is there already
  | "slow" // the other end did not read what it was sent
  | "oversize" // a frame was longer than FRAME_BYTES_MAX
  | "busy" // too many handshakes are under way
  | "no-tls" // what came in did not finish a TLS 1.3 handshake
  | "no-certificate" // TLS without a certificate
  | "wrong-key" // a certificate of another kind of key than Ed25519
  | "not-websocket" // something else than a WebSocket inside TLS
  | "no-hello" // a WebSocket on which no hello came in time
  | "bad-hello" // the hello was not one
  | "not-member" // the hello was refused: another mesh, a forged or revoked credential
  | "wrong-identity" // somebody else answered at the address
  | "self" // we dialled ourselves
  | "local"; // closed by this node

/** What a peer says of itself before anything else, as `judge` understood it. */
export interface PeerHello {
  /** Random per start of the peer; a new boot replaces the former at once. */
  readonly boot: string;
  /** Addresses under which the peer listens. */
  readonly addresses: readonly Address[];
  /** The wire version that both ends speak. */
  readonly version: number;
  /** The peer's credential, as it was judged. */
  readonly credential: Uint8Array;
}

export type LinkEvent =
  | {
      readonly type: "up";
      readonly peer: NodeId;
      readonly hello: PeerHello;
      readonly initiator: Initiator;
      /** The remote end's own address as seen on the socket. */
      readonly remote: Address;
    }
  | { readonly type: "down"; readonly peer: NodeId; readonly reason: LinkFailure }
  | { readonly type: "frame"; readonly peer: NodeId; readonly bytes: Uint8Array }
  | {
      readonly type: "dial-failed";
      readonly address: Address;
      readonly expected: NodeId | undefined;
      readonly reason: LinkFailure;
    }
  /** An incoming connection that never became a link. */
  | { readonly type: "refused"; readonly remote: string; readonly reason: LinkFailure };

export type SendOutcome =
  | "sent"
  /** There is no link to that peer. */
  | "no-link"
  /** Longer than FRAME_BYTES_MAX; nothing was sent. */
  | "oversize"
  /** The peer reads too slowly; the link was dropped and a `down` event follows. */
  | "overflow";

/** Numbers of one link, for the API and for pacing. */
export interface LinkStats {
  readonly peer: NodeId;
  readonly remote: Address;
  readonly initiator: Initiator;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedBytes: number;
}

/** What a transport needs to know of its node. */
export interface LinkIdentity {
  readonly self: NodeId;
  /** The hello of this node, as bytes: sent first on every link. At most HELLO_BYTES_MAX. */
  hello(): Uint8Array;
  /** Decides on a peer's hello. `peer` is proved by the transport before this is asked. To throw
   * is to say that it was no hello. */
  judge(peer: NodeId, hello: Uint8Array): Result<PeerHello, LinkFailure>;
}

/**
 * Authenticated, ordered, whole-frame links to peers; at most one a peer at any time.
 *
 * A link is up only once both ends have accepted the other's hello: who is refused hears why, as a
 * failed dial. When two nodes dial each other at once, both ends keep the link that the node with
 * the smaller id opened. A new link by the same initiator, or with another boot, replaces the old
 * one: `down` ("replaced") comes before the new `up`. Nothing of a link arrives after its `down`.
 */
export interface LinkTransport {
  /** Starts listening; rejects with a one-line reason (a taken port, say). */
  start(listener: (event: LinkEvent) => void): Promise<void>;
  /** Addresses that were bound. Empty before `start`. */
  bound(): readonly Address[];
  /**
   * Tries to open a link. Ends in `up` or in `dial-failed`, the latter with "replaced" where a link
   * to that peer is there already; an address that is being dialled is not dialled twice.
   */
  dial(address: Address, expected: NodeId | undefined): void;
  send(peer: NodeId, frame: Uint8Array): SendOutcome;
  close(peer: NodeId): void;
  stats(): readonly LinkStats[];
  /** Closes all links and the listener. */
  stop(): Promise<void>;
}

/** Largest frame taken or sent. A guess: a full page of entries stays under it. */
export const FRAME_BYTES_MAX = 256 * 1024;
/** Largest hello. A credential chain of a few links fits. */
export const HELLO_BYTES_MAX = 8 * 1024;
/** What may wait for one slow peer before its link is dropped. A guess: four full frames. */
export const LINK_BUFFER_BYTES_MAX = 1024 * 1024;
/** A link whose TLS and hello are not done by then is dropped (faults.md 1.2, T2). */
export const HANDSHAKE_MS_MAX = 5_000;
/** Handshakes under way at once, in all and for one remote address. A guess for 200 Pis. */
export const HANDSHAKES_MAX = 64;
export const HANDSHAKES_PER_ADDRESS_MAX = 32;
