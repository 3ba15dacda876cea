import type { Address, NodeId } from "../base/id.ts";
import { err, type Result } from "../base/result.ts";
import {
  HELLO_BYTES_MAX,
  type Initiator,
  type LinkFailure,
  type LinkIdentity,
  type LinkStats,
  type PeerHello,
} from "./port.ts";

/** A connection whose far end has proved its key. In this alone the twins differ. */
export interface Pipe {
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes handed over that the network has not taken yet. */
  readonly bufferedBytes: number;
  send(bytes: Uint8Array): void;
  /** Ends it; where `isTold`, what was sent before and the reason still get through. */
  close(reason: LinkFailure): void;
}

/** Reasons that the far end hears; of others it only sees that the connection is gone. */
const TOLD = ["local", "replaced", "not-member", "bad-hello", "wrong-identity"] as const;
export type ToldReason = (typeof TOLD)[number];

export function isTold(reason: LinkFailure): reason is ToldReason {
  return TOLD.some((told) => told === reason);
}

export interface WireEvents {
  /** The peer's hello was accepted here. */
  accepted(hello: PeerHello): void;
  /** This node's hello was accepted there, by the end that was dialled. */
  welcomed(hello: PeerHello): void;
  frame(bytes: Uint8Array): void;
  /** Called once, whatever ended it. */
  ended(reason: LinkFailure): void;
}

export interface WireAbout {
  readonly peer: NodeId;
  readonly remote: Address;
  readonly initiator: Initiator;
}

/**
 * One connection to a peer: a hello of the end that was dialled, a hello of the other, an empty
 * message by which the first accepts; then frames.
 */
export class Wire {
  private heard: PeerHello | undefined;
  private isReady = false;
  private over = false;

  constructor(
    private readonly pipe: Pipe,
    readonly about: WireAbout,
    private readonly identity: LinkIdentity,
    private readonly events: WireEvents,
  ) {}

  get bufferedBytes(): number {
    return this.pipe.bufferedBytes;
  }

  sayHello(): void {
    this.send(this.identity.hello());
  }

  /** Accepts the peer's hello: frames follow. */
  sayWelcome(): void {
    this.isReady = true;
    this.send(new Uint8Array());
  }

  send(bytes: Uint8Array): void {
    if (!this.over) this.pipe.send(bytes);
  }

  /** Takes a message of the peer, in the order of arrival. */
  receive(bytes: Uint8Array): void {
    if (this.over) return;
    if (this.isReady) return this.events.frame(bytes);
    if (this.heard === undefined) return this.hear(bytes);
    if (bytes.length > 0) return this.end("bad-hello");
    this.isReady = true;
    this.events.welcomed(this.heard);
  }

  /** Ends the link; says so once. */
  end(reason: LinkFailure): void {
    if (this.over) return;
    this.over = true;
    this.pipe.close(reason);
    this.events.ended(reason);
  }

  stats(): LinkStats {
    const { bytesIn, bytesOut, bufferedBytes } = this.pipe;
    return { ...this.about, bytesIn, bytesOut, bufferedBytes };
  }

  private hear(bytes: Uint8Array): void {
    const judged = this.judge(bytes);
    if (!judged.ok) return this.end(judged.error);
    this.heard = judged.value;
    this.events.accepted(judged.value);
  }

  private judge(bytes: Uint8Array): Result<PeerHello, LinkFailure> {
    if (bytes.length > HELLO_BYTES_MAX) return err("bad-hello");
    try {
      return this.identity.judge(this.about.peer, bytes);
    } catch {
      return err("bad-hello");
    }
  }
}
