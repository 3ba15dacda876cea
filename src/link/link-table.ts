import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import {
  FRAME_BYTES_MAX,
  LINK_BUFFER_BYTES_MAX,
  type LinkEvent,
  type LinkFailure,
  type LinkIdentity,
  type LinkStats,
  type PeerHello,
  type SendOutcome,
} from "./port.ts";
import { type Standing, whichStays } from "./settle.ts";
import { type Pipe, Wire, type WireAbout } from "./wire.ts";

interface Held extends Omit<Standing, "ageMs"> {
  readonly wire: Wire;
  readonly upMs: Millis;
}

/** What became of a handshake: called once for each connection that was greeted. */
export type Greeted = (outcome: "up" | LinkFailure) => void;

/**
 * The links of one node, at most one a peer, and the connections that are still to become one.
 *
 * Both transports use it, so that the rules on who stays are written once. The end that dialled
 * says hello only while it has no link to that boot of the peer, and on one connection at a time:
 * else of two dials of its own, or of a late one, each end could keep another.
 */
export class LinkTable {
  private readonly held = new Map<NodeId, Held>();
  private readonly shaking = new Set<Wire>();
  private emit: (event: LinkEvent) => void = () => {};
  private stopped = false;

  constructor(
    private readonly identity: LinkIdentity,
    private readonly monotonicMs: () => Millis,
  ) {}

  start(listener: (event: LinkEvent) => void): void {
    this.emit = listener;
  }

  has(peer: NodeId): boolean {
    return this.held.has(peer);
  }

  /** Tells the node something; nothing any more after `stop`. */
  tell(event: LinkEvent): void {
    if (!this.stopped) this.emit(event);
  }

  /** Why a connection that this node opened must not go on, once the far end's key is known. */
  objection(peer: NodeId, expected: NodeId | undefined): LinkFailure | undefined {
    if (peer === this.identity.self) return "self";
    if (expected !== undefined && peer !== expected) return "wrong-identity";
    const twice = [...this.shaking].some(
      ({ about }) => about.peer === peer && about.initiator === "self",
    );
    return twice ? "replaced" : undefined;
  }

  /** Takes in a connection whose far end has proved its key. */
  greet(pipe: Pipe, about: WireAbout, greeted: Greeted): Wire {
    const { peer } = about;
    const wire: Wire = new Wire(pipe, about, this.identity, {
      accepted: (hello) => {
        if (about.initiator === "peer") return this.finish(wire, hello, greeted);
        if (this.held.get(peer)?.boot === hello.boot) wire.end("replaced");
        else wire.sayHello();
      },
      welcomed: (hello) => this.finish(wire, hello, greeted),
      frame: (bytes) => {
        if (this.held.get(peer)?.wire === wire) this.tell({ type: "frame", peer, bytes });
      },
      ended: (reason) => {
        if (this.shaking.delete(wire)) greeted(reason);
        if (this.held.get(peer)?.wire !== wire) return;
        this.held.delete(peer);
        this.tell({ type: "down", peer, reason });
      },
    });
    this.shaking.add(wire);
    return wire;
  }

  send(peer: NodeId, frame: Uint8Array): SendOutcome {
    const wire = this.held.get(peer)?.wire;
    if (wire === undefined) return "no-link";
    if (frame.length > FRAME_BYTES_MAX) return "oversize";
    if (wire.bufferedBytes + frame.length > LINK_BUFFER_BYTES_MAX) {
      wire.end("slow");
      return "overflow";
    }
    wire.send(frame);
    return "sent";
  }

  close(peer: NodeId): void {
    this.held.get(peer)?.wire.end("local");
  }

  stats(): readonly LinkStats[] {
    return [...this.held.values()].map(({ wire }) => wire.stats());
  }

  /** Ends all links and handshakes, and says nothing more. */
  stop(): void {
    this.stopped = true;
    for (const { wire } of [...this.held.values()]) wire.end("local");
    for (const wire of [...this.shaking]) wire.end("local");
  }

  /** Both hellos were accepted: it becomes the link, or gives way to the one that there is. */
  private finish(wire: Wire, hello: PeerHello, greeted: Greeted): void {
    const { peer, initiator, remote } = wire.about;
    const outcome = this.settle(wire, hello);
    if (outcome !== "up") return wire.end(outcome);
    this.shaking.delete(wire);
    greeted("up");
    if (initiator === "peer") wire.sayWelcome();
    this.tell({ type: "up", peer, hello, initiator, remote });
  }

  private settle(wire: Wire, { boot }: PeerHello): "up" | LinkFailure {
    const { peer, initiator } = wire.about;
    const old = this.held.get(peer);
    if (old !== undefined) {
      const ageMs = this.monotonicMs() - old.upMs;
      const smaller = this.identity.self < peer ? "self" : "peer";
      const stays = whichStays({ ...old, ageMs }, { boot, initiator }, smaller);
      if (stays === "standing") return "replaced";
      old.wire.end("replaced");
    }
    // The listener may have stopped us on hearing of the old link's end.
    if (this.stopped) return "local";
    this.held.set(peer, { wire, boot, initiator, upMs: this.monotonicMs() });
    return "up";
  }
}
