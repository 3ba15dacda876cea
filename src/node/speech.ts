import type { NodeId } from "../base/id.ts";
import type { LinkTransport } from "../link/port.ts";
import { type FrameCodec, WIRE_VERSION_MIN } from "../overlay/codec.ts";
import type { Message } from "../overlay/messages.ts";
import type { Counters } from "./counters.ts";

/** Says each peer everything in the highest wire version that both understand. */
export class Speech {
  private readonly versions = new Map<NodeId, number>();

  constructor(
    private readonly transport: Pick<LinkTransport, "send">,
    private readonly codec: FrameCodec,
    private readonly counters: Counters,
  ) {}

  /** A link is up; its hellos settled on a version. */
  met(peer: NodeId, version: number): void {
    this.versions.set(peer, version);
  }

  left(peer: NodeId): void {
    this.versions.delete(peer);
  }

  /** The wire version spoken with a peer; undefined where there is no link. */
  versionOf(peer: NodeId): number | undefined {
    return this.versions.get(peer);
  }

  say(peer: NodeId, message: Message): void {
    this.counters.add("watercooler_frames_sent_total", message.type);
    const version = this.versions.get(peer) ?? WIRE_VERSION_MIN;
    this.transport.send(peer, this.codec.encode(message, version));
  }
}
