import { type Address, addressOf, type NodeId } from "../base/id.ts";
import type {
  LinkEvent,
  LinkFailure,
  LinkStats,
  LinkTransport,
  SendOutcome,
} from "../link/port.ts";
import { WIRE_VERSION } from "../overlay/codec.ts";
import type { Endpoint, SimEnd, Who } from "./link-end.ts";
import type { Network } from "./network.ts";
import { SIM_CREDENTIAL } from "./trust.ts";

export const MESH_PORT = 7946;

/** Frames that may wait for one peer that does not read. */
const WAITING_FRAMES_MAX = 2_000;

/** The links of one process: the port's twin on the simulated network. */
export class SimTransport implements LinkTransport, Endpoint {
  isUp = true;
  private readonly ends = new Map<NodeId, SimEnd>();

  readonly host: string;
  readonly self: NodeId;

  constructor(
    readonly who: Who,
    private readonly network: Network,
    /** Hands an event to the process, when it runs. */
    private readonly emit: (event: LinkEvent) => void,
    /** Whether a node may be linked to, as its hello's credential is judged. */
    readonly admits: (peer: NodeId) => boolean,
  ) {
    this.host = who.host;
    this.self = who.self;
  }

  async start(): Promise<void> {}

  bound(): readonly Address[] {
    return [addressOf(this.host, MESH_PORT)];
  }

  dial(address: Address, expected: NodeId | undefined): void {
    const fail = (reason: LinkFailure) => {
      if (this.isUp) this.emit({ type: "dial-failed", address, expected, reason });
    };
    this.network.dial(this, { address, expected }, fail);
  }

  send(peer: NodeId, frame: Uint8Array): SendOutcome {
    const end = this.ends.get(peer);
    if (end === undefined) return "no-link";
    if (end.held.length >= WAITING_FRAMES_MAX) {
      this.drop(end, "slow");
      return "overflow";
    }
    end.bytesOut += frame.length;
    this.network.carry(end, frame);
    return "sent";
  }

  close(peer: NodeId): void {
    const end = this.ends.get(peer);
    if (end !== undefined) this.drop(end, "local");
  }

  stats(): readonly LinkStats[] {
    return [...this.ends].map(([peer, { far, initiator, bytesIn, bytesOut }]) => {
      const remote = addressOf(far.transport.host, MESH_PORT);
      return { peer, remote, initiator, bytesIn, bytesOut, bufferedBytes: 0 };
    });
  }

  async stop(): Promise<void> {
    this.die("told");
  }

  /** The process is gone: "told" as the kernel tells the far ends, "mute" as a power cut does. */
  die(manner: "told" | "mute"): void {
    this.isUp = false;
    for (const end of this.ends.values()) {
      end.state = "down";
      if (manner === "told") this.network.reset(end);
    }
    this.ends.clear();
  }

  up(end: SimEnd): void {
    if (!this.isUp || end.state === "down") return this.network.reset(end);
    const { self, boot, host } = end.far.transport.who;
    const old = this.ends.get(self);
    if (old !== undefined) {
      const sameBoot = old.far.transport.who.boot === boot;
      const crossed = sameBoot && old.initiator !== end.initiator;
      if (crossed && old.opener < end.opener) {
        this.lost(end);
        return this.network.reset(end);
      }
      this.drop(old, "replaced");
    }
    end.state = "up";
    this.ends.set(self, end);
    const remote = addressOf(host, MESH_PORT);
    const credential = SIM_CREDENTIAL;
    const hello = { boot, addresses: [remote], version: WIRE_VERSION, credential };
    this.emit({ type: "up", peer: self, hello, initiator: end.initiator, remote });
  }

  /** Turns away a connection that did not become a link. */
  refuse(remote: string, reason: LinkFailure): void {
    this.emit({ type: "refused", remote, reason });
  }

  receive(end: SimEnd, frame: Uint8Array): void {
    if (!this.isUp) return;
    // TCP may bring the first frame before we know that the link is up.
    if (end.state === "new") this.up(end);
    if (end.state !== "up") return;
    end.bytesIn += frame.length;
    this.emit({ type: "frame", peer: end.far.transport.self, bytes: frame });
  }

  /** The far end closed. */
  lost(end: SimEnd): void {
    if (end.state === "down") return;
    const wasUp = end.state === "up";
    end.state = "down";
    const { self: peer, host } = end.far.transport;
    if (this.ends.get(peer) === end) this.ends.delete(peer);
    if (!this.isUp) return;
    if (wasUp) return this.emit({ type: "down", peer, reason: "closed" });
    if (end.initiator === "peer") return;
    // Every dial ends in an event: the node counts those under way.
    const address = addressOf(host, MESH_PORT);
    this.emit({ type: "dial-failed", address, expected: peer, reason: "closed" });
  }

  /** Sends what was held while the path was cut. */
  retransmit(host: string): void {
    for (const end of this.ends.values()) {
      if (end.far.transport.host !== host) continue;
      const held = end.held;
      end.held = [];
      for (const frame of held) this.network.carry(end, frame);
    }
  }

  private drop(end: SimEnd, reason: LinkFailure): void {
    const peer = end.far.transport.self;
    end.state = "down";
    if (this.ends.get(peer) === end) this.ends.delete(peer);
    this.network.reset(end);
    this.emit({ type: "down", peer, reason });
  }
}
