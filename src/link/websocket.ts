import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import WebSocket from "ws";
import { type Address, type NodeId, splitAddress } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { Door, type Guest } from "./door.ts";
import { receive } from "./knock.ts";
import type { Reception } from "./knock-port.ts";
import { LinkTable } from "./link-table.ts";
import { peerIdOf } from "./peer-key.ts";
import {
  HANDSHAKE_MS_MAX,
  type LinkEvent,
  type LinkFailure,
  type LinkIdentity,
  type LinkStats,
  type LinkTransport,
  type SendOutcome,
} from "./port.ts";
import { RECEIVER_LIMITS } from "./receiver-limits.ts";
import { WebSocketPipe } from "./websocket-pipe.ts";
import { isTold } from "./wire.ts";

export interface WebSocketOptions {
  readonly identity: LinkIdentity;
  readonly keyPem: string;
  readonly certificatePem: string;
  /** `host:port` each; port 0 takes a free one. */
  readonly listen: readonly string[];
  readonly log: Log;
  /** Answers those who ask to be let in; without it they are refused. */
  readonly reception?: Reception;
}

/**
 * Links over WebSockets in mutual TLS 1.3 (Syncthing's way): each end shows a certificate of its
 * Ed25519 key, whose dates and issuer nobody looks at, and then one hello. No byte of a peer is
 * looked at before its key is known.
 */
export class WebSocketTransport implements LinkTransport {
  private readonly table: LinkTable;
  private readonly door: Door;
  private readonly dialling = new Map<Address, WebSocket>();
  private readonly sockets = new Set<WebSocket>();
  /** One for all dials: reading the key anew for each takes longer than the handshake. */
  private readonly context: SecureContext;
  private addresses: Address[] = [];
  private stopped = false;

  constructor(private readonly options: WebSocketOptions) {
    const { identity, keyPem, certificatePem, log, reception } = options;
    // With none named, Node would load the world's authorities, whom nobody asks here.
    this.context = createSecureContext({
      key: keyPem,
      cert: certificatePem,
      ca: [],
      minVersion: "TLSv1.3",
    });
    this.table = new LinkTable(identity, () => performance.now());
    this.door = new Door({
      keyPem,
      certificatePem,
      self: identity.self,
      log,
      refused: (remote, reason) => this.table.tell({ type: "refused", remote, reason }),
      entered: (guest) => this.welcome(guest),
      knocked: (guest) => {
        if (reception === undefined || this.stopped) return guest.arrival.refuse("not-member");
        this.track(guest.socket);
        receive(guest, reception);
      },
    });
  }

  async start(listener: (event: LinkEvent) => void): Promise<void> {
    this.table.start(listener);
    const { listen } = this.options;
    // Beside an IPv4 address "::" must not take the IPv4 port too.
    const stack = listen.some((one) => !one.startsWith("[")) ? "ipv6-only" : "both";
    try {
      for (const one of listen) {
        const address = await this.door.open(one, stack);
        this.addresses = [...this.addresses, address];
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  bound(): readonly Address[] {
    return this.addresses;
  }

  dial(address: Address, expected: NodeId | undefined): void {
    if (this.stopped || this.dialling.has(address)) return;
    const failed = (reason: LinkFailure) =>
      this.table.tell({ type: "dial-failed", address, expected, reason });
    if (expected !== undefined && this.table.has(expected)) {
      return queueMicrotask(() => failed("replaced"));
    }
    const socket = this.connect(address);
    this.track(socket);
    this.dialling.set(address, socket);
    // One limit for all of it: ws's own starts anew with every byte.
    const limit = setTimeout(() => socket.terminate(), HANDSHAKE_MS_MAX);
    const over = (outcome: "up" | LinkFailure) => {
      clearTimeout(limit);
      if (this.dialling.get(address) !== socket) return;
      this.dialling.delete(address);
      if (outcome !== "up") failed(outcome === "closed" ? "unreachable" : outcome);
    };
    // "close" follows; once there is a wire, that knows better why.
    socket.on("error", () => {});
    const broken = () => over("unreachable");
    socket.on("close", broken);
    socket.on("upgrade", (response) => {
      const stream = response.socket as TLSSocket;
      const peer = peerIdOf(stream);
      const objection = peer.ok ? this.table.objection(peer.value, expected) : peer.error;
      if (objection !== undefined) over(objection);
      if (!peer.ok || objection === "self") return socket.terminate();
      const pipe = new WebSocketPipe(socket, stream);
      if (objection !== undefined) return socket.once("open", () => pipe.close(objection));
      const about = { peer: peer.value, remote: address, initiator: "self" } as const;
      socket.off("close", broken);
      pipe.feed(this.table.greet(pipe, about, over));
    });
  }

  send(peer: NodeId, frame: Uint8Array): SendOutcome {
    return this.table.send(peer, frame);
  }

  close(peer: NodeId): void {
    this.table.close(peer);
  }

  stats(): readonly LinkStats[] {
    return this.table.stats();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.table.stop();
    for (const socket of this.dialling.values()) socket.terminate();
    const closed = [...this.sockets].map(
      (socket) => new Promise((resolve) => socket.once("close", resolve)),
    );
    await Promise.all([this.door.close(), ...closed]);
  }

  private welcome({ socket, stream, peer, remote, arrival }: Guest): void {
    this.track(socket);
    const pipe = new WebSocketPipe(socket, stream);
    const about = { peer, remote, initiator: "peer" } as const;
    const wire = this.table.greet(pipe, about, (outcome) => {
      // Of crossed dials one goes, at either end: that was no stranger.
      if (outcome === "up" || outcome === "replaced") arrival.welcome();
      else if (isTold(outcome)) arrival.dismiss(outcome);
      else if (outcome === "closed") arrival.refuse();
      else arrival.refuse(outcome);
    });
    pipe.feed(wire);
    wire.sayHello();
  }

  private track(socket: WebSocket): void {
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
  }

  private connect(address: Address): WebSocket {
    const { host, port } = splitAddress(address) ?? { host: "", port: 0 };
    // The URL names nobody: an address with an IPv6 zone, or one that a peer made up, is none.
    return new WebSocket("wss://peer/", {
      ...RECEIVER_LIMITS,
      handshakeTimeout: HANDSHAKE_MS_MAX,
      createConnection: () =>
        connect({
          host,
          port,
          secureContext: this.context,
          rejectUnauthorized: false,
        }),
    });
  }
}
