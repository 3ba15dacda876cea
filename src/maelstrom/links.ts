import type { NodeId } from "../base/id.ts";
import { type Random, randomInt } from "../base/random.ts";
import { type Millis, SECOND_MS } from "../base/time.ts";
import type { FrameCodec } from "../overlay/codec.ts";
import type { Message } from "../overlay/messages.ts";
import type { OverlayEvent } from "../overlay/overlay.ts";
import { Batches } from "./batches.ts";
import type { Names } from "./names.ts";
import { areTexts, type Body } from "./protocol.ts";
import type { Timing } from "./timing.ts";

/** Types of our own, between nodes alone. */
export const LINK_TYPES = { open: "link_open", opened: "link_opened", frames: "link_frames" };

/** How long a dial waits for its answer. A guess: ten round trips of 100 ms each way, and more. */
const DIAL_TIMEOUT_MS: Millis = 3 * SECOND_MS;
/** Numbers that links are told apart by. */
const LINK_NUMBERS = 2 ** 48;

interface Dial {
  readonly link: number;
  readonly cancel: () => void;
}

export interface LinksOptions {
  readonly self: string;
  readonly names: Names;
  readonly codec: FrameCodec;
  readonly timing: Timing;
  readonly random: Random;
  readonly batchMs: Millis;
  send(to: string, body: Body): void;
  happened(event: OverlayEvent): void;
}

/**
 * Links over a network that has none: messages between two nodes that one asked for and the other
 * agreed to, under a number that both know. What comes under another number is of a link that is
 * no more, and is answered with its end, as a kernel answers with RST.
 */
export class Links {
  private readonly dials = new Map<string, Dial>();
  private readonly open = new Map<string, number>();
  private readonly batches: Batches;
  /** Frames that this version could not read. */
  unread = 0;

  constructor(private readonly options: LinksOptions) {
    const { batchMs, timing } = options;
    this.batches = new Batches(batchMs, timing, (to, frames) => {
      const link = this.open.get(to);
      if (link !== undefined) options.send(to, { type: LINK_TYPES.frames, link, frames });
    });
  }

  /** Sends over an open link; without one the message is dropped. */
  send(to: NodeId, message: Message): void {
    const name = this.options.names.nameOf(to);
    if (name === undefined || !this.open.has(name)) return;
    const frame = this.options.codec.encode(message);
    this.batches.add(name, Buffer.from(frame).toString("base64"));
  }

  /** Asks for a link; ends in link-up or dial-failed. */
  dial(peer: NodeId): void {
    const { names, timing, random, send, happened } = this.options;
    const name = names.nameOf(peer);
    if (name === undefined) return happened({ type: "dial-failed", peer });
    if (this.dials.has(name) || this.open.has(name)) return;
    const link = randomInt(random, LINK_NUMBERS);
    const cancel = timing.after(DIAL_TIMEOUT_MS, () => {
      this.dials.delete(name);
      happened({ type: "dial-failed", peer });
    });
    this.dials.set(name, { link, cancel });
    send(name, { type: LINK_TYPES.open, link });
  }

  /** Ends a link, after what still waits for it. */
  close(peer: NodeId): void {
    const name = this.options.names.nameOf(peer);
    const link = name === undefined ? undefined : this.open.get(name);
    if (name === undefined || link === undefined) return;
    const frames = this.batches.take(name);
    this.options.send(name, { type: LINK_TYPES.frames, link, frames, end: true });
    this.down(name, peer);
  }

  /** Takes a body of one of our own types; others are none of ours. */
  receive(from: string, body: Body): void {
    const peer = this.options.names.idOf(from);
    const { link } = body;
    if (peer === undefined || typeof link !== "number") return;
    if (body.type === LINK_TYPES.open) this.onOpen(from, peer, link);
    else if (body.type === LINK_TYPES.opened) this.onOpened(from, peer, link);
    else if (body.type === LINK_TYPES.frames) this.onFrames(from, peer, link, body);
  }

  private onOpen(from: string, peer: NodeId, link: number): void {
    const { self, send } = this.options;
    const dial = this.dials.get(from);
    // Of two that dial each other, the dial of the lesser name stands.
    if (dial !== undefined && self < from) return;
    if (this.open.get(from) !== link) {
      if (this.open.has(from)) this.down(from, peer);
      this.up(from, peer, link);
    }
    send(from, { type: LINK_TYPES.opened, link });
  }

  private onOpened(from: string, peer: NodeId, link: number): void {
    if (this.dials.get(from)?.link === link) this.up(from, peer, link);
    else if (this.open.get(from) !== link) this.refuse(from, link);
  }

  private onFrames(from: string, peer: NodeId, link: number, { frames, end }: Body): void {
    // It has overtaken the answer to our dial.
    if (this.dials.get(from)?.link === link) this.up(from, peer, link);
    if (this.open.get(from) !== link) {
      if (end !== true) this.refuse(from, link);
      return;
    }
    for (const frame of areTexts(frames) ? frames : []) {
      const decoded = this.options.codec.decode(Buffer.from(frame, "base64"));
      if (!decoded.ok) this.unread += 1;
      else this.options.happened({ type: "message", from: peer, message: decoded.value });
    }
    if (end === true && this.open.get(from) === link) this.down(from, peer);
  }

  private up(name: string, peer: NodeId, link: number): void {
    this.dials.get(name)?.cancel();
    this.dials.delete(name);
    this.open.set(name, link);
    this.options.happened({ type: "link-up", peer: { id: peer, addresses: [] } });
  }

  private down(name: string, peer: NodeId): void {
    this.open.delete(name);
    this.batches.take(name);
    this.options.happened({ type: "link-down", peer });
  }

  private refuse(to: string, link: number): void {
    this.options.send(to, { type: LINK_TYPES.frames, link, frames: [], end: true });
  }
}
