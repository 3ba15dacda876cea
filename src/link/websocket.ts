import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import WebSocket, { WebSocketServer } from "ws";
import { type Address, addressOf, type NodeId, splitAddress } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { Budget } from "./handshake-budget.ts";
import { peerIdOf } from "./peer-key.ts";
import {
  FRAME_BYTES_MAX,
  HANDSHAKE_MS_MAX,
  type Initiator,
  LINK_BUFFER_BYTES_MAX,
  type LinkEvent,
  type LinkFailure,
  type LinkIdentity,
  type LinkStats,
  type LinkTransport,
  type PeerHello,
  type SendOutcome,
} from "./port.ts";
import { Wire } from "./wire.ts";

/** Fragments and buffered chunks of one message; a peer of ours never sends more than one. */
const FRAGMENTS_MAX = 16;

export interface WebSocketOptions {
  readonly identity: LinkIdentity;
  readonly keyPem: string;
  readonly certificatePem: string;
  /** `host:port` each; port 0 takes a free one. */
  readonly listen: readonly string[];
  readonly log: Log;
}

/**
 * Links over WebSockets in mutual TLS 1.3 (Syncthing's way): each end shows a certificate of its
 * Ed25519 key, whose dates and issuer nobody looks at, and then one hello. Only when both hellos
 * were judged is a link up; no byte of a peer is looked at before its key is known.
 */
export class WebSocketTransport implements LinkTransport {
  private readonly links = new Map<NodeId, Wire>();
  private readonly shaking = new Set<Wire>();
  private readonly servers: Server[] = [];
  private readonly dialling = new Map<Address, WebSocket>();
  private readonly budget = new Budget();
  /** Connections under TLS sockets, by where they come from: the budget counts those. */
  private readonly unshaken = new Map<string, Socket>();
  private readonly greeted = new Set<string>();
  /** The whole way from a connection to a link has one limit. */
  private readonly limits = new Map<string, NodeJS.Timeout>();
  private addresses: Address[] = [];
  private emit: (event: LinkEvent) => void = () => {};
  private stopped = false;

  constructor(private readonly options: WebSocketOptions) {}

  async start(listener: (event: LinkEvent) => void): Promise<void> {
    this.emit = listener;
    for (const address of this.options.listen) await this.listen(address);
  }

  bound(): readonly Address[] {
    return this.addresses;
  }

  dial(address: Address, expected: NodeId | undefined): void {
    const known = expected !== undefined && this.links.has(expected);
    const target = splitAddress(address);
    if (this.stopped || known || this.dialling.has(address)) return;
    let failure: LinkFailure = "unreachable";
    const socket = this.open(target ?? { host: "", port: 0 });
    this.dialling.set(address, socket);
    let wire: Wire | undefined;
    const failed = () => {
      clearTimeout(limit);
      if (this.dialling.get(address) !== socket) return;
      this.dialling.delete(address);
      if (!this.stopped) this.emit({ type: "dial-failed", address, expected, reason: failure });
    };
    // One limit for all of it: ws's own starts anew with every byte.
    const limit = setTimeout(() => socket.terminate(), HANDSHAKE_MS_MAX);
    socket.on("error", () => failed());
    socket.on("close", () => failed());
    socket.on("upgrade", (response) => {
      const peer = peerIdOf(response.socket as TLSSocket);
      if (peer === this.options.identity.self) failure = "self";
      else if (peer === undefined) failure = "no-certificate";
      else if (expected !== undefined && peer !== expected) failure = "wrong-identity";
      else {
        wire = this.greet(socket, response.socket as TLSSocket, peer, "self", address, (result) => {
          clearTimeout(limit);
          if (result !== "up") failure = result;
          if (result !== "up") return failed();
          if (this.dialling.get(address) === socket) this.dialling.delete(address);
        });
        return;
      }
      socket.terminate();
    });
    socket.on("open", () => wire?.sayHello());
  }

  send(peer: NodeId, frame: Uint8Array): SendOutcome {
    const wire = this.links.get(peer);
    if (wire === undefined) return "no-link";
    if (frame.length > FRAME_BYTES_MAX) return "oversize";
    if (wire.buffered + frame.length > LINK_BUFFER_BYTES_MAX) {
      wire.end("slow");
      return "overflow";
    }
    wire.send(frame);
    return "sent";
  }

  close(peer: NodeId): void {
    this.links.get(peer)?.end("local");
  }

  stats(): readonly LinkStats[] {
    return [...this.links.values()].map((wire) => wire.stats());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const wire of [...this.links.values(), ...this.shaking]) wire.end("local");
    for (const socket of this.dialling.values()) socket.terminate();
    for (const socket of this.unshaken.values()) if (!this.isLinked(socket)) socket.destroy();
    await Promise.all(
      this.servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      ),
    );
  }

  private open({ host, port }: { host: string; port: number }): WebSocket {
    const { keyPem, certificatePem } = this.options;
    // The URL names nobody: an address with an IPv6 zone, or one that a peer made up, is none.
    return new WebSocket("wss://peer/", {
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES_MAX,
      handshakeTimeout: HANDSHAKE_MS_MAX,
      createConnection: () =>
        connect({
          host,
          port,
          key: keyPem,
          cert: certificatePem,
          minVersion: "TLSv1.3",
          // The key is what is checked, right after; a certificate's dates would lock out a Pi
          // that boots in 1970.
          rejectUnauthorized: false,
        }),
    });
  }

  /** Links get a moment to send their farewell; strangers don't. */
  private isLinked(socket: Socket): boolean {
    const name = `${socket.remoteAddress} ${socket.remotePort}`;
    return this.greeted.has(name);
  }

  private async listen(listen: string): Promise<void> {
    const match = /^(.*):(\d+)$/.exec(listen);
    const host = (match?.[1] ?? "").replace(/^\[|\]$/g, "");
    const port = Number(match?.[2]);
    const server = createServer({
      key: this.options.keyPem,
      cert: this.options.certificatePem,
      minVersion: "TLSv1.3",
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS_MAX,
      headersTimeout: HANDSHAKE_MS_MAX,
      requestTimeout: HANDSHAKE_MS_MAX,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 4_096,
    });
    this.servers.push(server);
    this.guard(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const taken = error.code === "EADDRINUSE";
        const reason = taken ? "is taken by another program" : `can't be used (${error.code})`;
        reject(new Error(`port ${port} on ${host} ${reason}: stop it or set mesh.listen`));
      });
      server.listen({ host, port }, () => {
        server.on("error", (error) =>
          this.options.log.write("warn", `mesh port: ${error.message}`),
        );
        resolve();
      });
    });
    const bound = server.address();
    if (bound !== null && typeof bound === "object") {
      this.addresses = [...this.addresses, addressOf(bound.address, bound.port)];
    }
  }

  private guard(server: Server): void {
    const sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES_MAX,
      maxFragments: FRAGMENTS_MAX,
    } as ConstructorParameters<typeof WebSocketServer>[0]);
    server.on("connection", (socket: Socket) => {
      socket.on("error", () => {});
      const from = socket.remoteAddress ?? "?";
      if (this.budget.take(from, socket)) {
        const name = `${from} ${socket.remotePort}`;
        this.unshaken.set(name, socket);
        const limit = setTimeout(() => {
          this.refuse(from, "unreachable");
          socket.destroy();
        }, 2 * HANDSHAKE_MS_MAX);
        this.limits.set(name, limit);
        socket.once("close", () => {
          clearTimeout(limit);
          this.limits.delete(name);
          this.budget.give(from, socket);
          this.unshaken.delete(name);
          this.greeted.delete(name);
        });
      } else {
        socket.destroy();
        this.refuse(from, "unreachable");
      }
    });
    server.on("tlsClientError", (_, socket) => {
      this.refuse(socket.remoteAddress ?? "?", "unreachable");
      socket.destroy();
    });
    server.on("clientError", (_, socket) => socket.destroy());
    server.on("request", (request, response) => {
      this.refuse(request.socket.remoteAddress ?? "?", "bad-hello");
      response.writeHead(426, { connection: "close" }).end();
    });
    server.on("upgrade", (request, stream, head) => {
      const socket = request.socket as TLSSocket;
      const from = socket.remoteAddress ?? "?";
      const peer = peerIdOf(socket);
      if (peer === this.options.identity.self) {
        // Answered, so that the dialling end, which is us, sees whom it met.
        sockets.handleUpgrade(request, stream, head, (ws: WebSocket) => ws.terminate());
        return;
      }
      if (peer === undefined || this.stopped) {
        this.refuse(from, "no-certificate");
        socket.destroy();
        return;
      }
      sockets.handleUpgrade(request, stream, head, (ws: WebSocket) => {
        const remote = addressOf(from.replace(/^::ffff:/, ""), socket.remotePort ?? 0);
        const wire = this.greet(ws, socket, peer, "peer", remote, (result) => {
          const name = `${from} ${socket.remotePort}`;
          clearTimeout(this.limits.get(name));
          const raw = this.unshaken.get(name);
          if (raw !== undefined) this.budget.give(from, raw);
          if (result === "up") this.greeted.add(name);
          if (result !== "up") this.refuse(from, result);
        });
        wire.sayHello();
      });
    });
  }

  private refuse(remote: string, reason: LinkFailure): void {
    if (!this.stopped) this.emit({ type: "refused", remote, reason });
  }

  private greet(
    socket: WebSocket,
    stream: TLSSocket,
    peer: NodeId,
    initiator: Initiator,
    remote: Address,
    greeted: (result: "up" | LinkFailure) => void,
  ): Wire {
    const { identity } = this.options;
    stream.setNoDelay(true);
    const wire = new Wire(socket, stream, { peer, remote, initiator }, identity, {
      up: (hello) => {
        this.shaking.delete(wire);
        if (this.stopped) return wire.end("local");
        const outcome = this.settle(wire, hello);
        greeted(outcome);
        if (outcome !== "up") wire.end(outcome);
        else this.emit({ type: "up", peer, hello, initiator, remote });
      },
      frame: (bytes) => {
        if (this.links.get(peer) === wire) this.emit({ type: "frame", peer, bytes });
      },
      ended: (reason) => {
        const wasShaking = this.shaking.delete(wire);
        if (wasShaking) greeted(reason);
        if (this.links.get(peer) !== wire) return;
        this.links.delete(peer);
        if (!this.stopped) this.emit({ type: "down", peer, reason });
      },
    });
    this.shaking.add(wire);
    return wire;
  }

  /** At most one link a peer: of two crossed ones both ends keep the smaller id's. */
  private settle(wire: Wire, hello: PeerHello): "up" | LinkFailure {
    const { peer } = wire.about;
    const old = this.links.get(peer);
    if (old !== undefined) {
      const sameLife = old.boot === hello.boot;
      const crossed = sameLife && old.about.initiator !== wire.about.initiator;
      const smaller = this.options.identity.self < peer ? "self" : "peer";
      if (crossed && old.about.initiator === smaller) return "replaced";
      old.end("replaced");
    }
    this.links.set(peer, wire);
    return "up";
  }
}
