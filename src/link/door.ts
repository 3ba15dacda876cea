import { constants } from "node:crypto";
import { createServer, type Server } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type WebSocket from "ws";
import { WebSocketServer } from "ws";
import { type Address, addressOf, type NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { type Arrival, Arrivals, plainHost } from "./arrivals.ts";
import { KNOCK_PATH } from "./knock-port.ts";
import { peerIdOf } from "./peer-key.ts";
import type { LinkFailure } from "./port.ts";
import { RECEIVER_LIMITS } from "./receiver-limits.ts";

/** A stranger's HTTP request needs no more; ours has six short headers. */
const HEADER_BYTES_MAX = 4_096;

/** A peer that came in, its key proved. */
export interface Guest {
  readonly socket: WebSocket;
  readonly stream: TLSSocket;
  readonly peer: NodeId;
  readonly remote: Address;
  readonly arrival: Arrival;
}

export interface DoorOptions {
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly self: NodeId;
  readonly log: Log;
  refused(remote: string, reason: LinkFailure): void;
  entered(guest: Guest): void;
  /** Somebody who is no member asks to be one. */
  knocked(guest: Guest): void;
}

/** The listening half: takes TCP connections and lets in those that show an Ed25519 key. */
export class Door {
  private readonly servers: Server[] = [];
  private readonly arrivals: Arrivals;
  private readonly sockets = new WebSocketServer({ noServer: true, ...RECEIVER_LIMITS });

  constructor(private readonly options: DoorOptions) {
    this.arrivals = new Arrivals(options.refused);
    this.sockets.on("wsClientError", (_, stream) => this.refuse(stream));
  }

  /** Listens on `host:port` (0: a free port). Rejects with one line that says what to do. */
  async open(listen: string, stack: "both" | "ipv6-only"): Promise<Address> {
    const [, bracketed, port] = /^(.*):(\d{1,5})$/.exec(listen) ?? [];
    if (bracketed === undefined || Number(port) > 65_535) {
      throw new Error(`mesh.listen: "${listen}" is not host:port`);
    }
    const host = bracketed.replace(/^\[|\]$/g, "");
    const server = this.serve();
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const taken = error.code === "EADDRINUSE";
        const reason = taken ? "is taken by another program" : `can't be used (${error.code})`;
        reject(new Error(`port ${port} on ${host} ${reason}: stop it or set mesh.listen`));
      });
      server.listen({ host, port: Number(port), ipv6Only: stack === "ipv6-only" }, resolve);
    });
    server.on("error", ({ message }) => this.options.log.write("warn", `mesh port: ${message}`));
    this.servers.push(server);
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error(`${listen} is not a port`);
    return addressOf(bound.address, bound.port);
  }

  /** Shuts strangers out, and frees the ports once the last guest has left. */
  async close(): Promise<void> {
    const closed = this.servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    this.arrivals.closeStrangers();
    await Promise.all(closed);
  }

  private serve(): Server {
    const { keyPem, certificatePem } = this.options;
    const server = createServer({
      key: keyPem,
      cert: certificatePem,
      ca: [],
      minVersion: "TLSv1.3",
      requestCert: true,
      // The key is what is checked; a certificate's dates would lock out a Pi that boots in 1970.
      rejectUnauthorized: false,
      // Every connection proves its key anew: nothing is resumed.
      secureOptions: constants.SSL_OP_NO_TICKET,
      maxHeaderSize: HEADER_BYTES_MAX,
    });
    server.on("connection", (socket: Socket) => this.arrivals.admit(socket));
    // Before HTTP's own listener, so that a stranger's bytes are never parsed.
    server.prependListener("secureConnection", (stream) => {
      stream.on("error", () => {});
      const arrival = this.arrivals.of(stream);
      arrival?.reached("not-websocket", stream);
      const peer = peerIdOf(stream);
      if (!peer.ok) arrival?.refuse(peer.error);
    });
    // Failed TLS handshakes come by here as well.
    server.on("clientError", (_, stream) => this.refuse(stream));
    server.on("request", (request, response) => {
      response.once("close", () => this.arrivals.of(request.socket)?.refuse());
      response.writeHead(426, { connection: "close" }).end();
    });
    server.on("upgrade", (request, duplex, head) => {
      const stream = request.socket as TLSSocket;
      const purpose = request.url === KNOCK_PATH ? "knock" : "link";
      this.sockets.handleUpgrade(request, duplex, head, (ws) => this.enter(ws, stream, purpose));
    });
    return server;
  }

  private enter(socket: WebSocket, stream: TLSSocket, purpose: "link" | "knock"): void {
    const arrival = this.arrivals.of(stream);
    const peer = peerIdOf(stream);
    if (arrival === undefined || !peer.ok) return socket.terminate();
    arrival.reached("no-hello", stream);
    if (peer.value === this.options.self) {
      // Answered, so that the dialling end, which is us, sees whom it met.
      arrival.welcome();
      return socket.terminate();
    }
    const remote = addressOf(plainHost(stream.remoteAddress), stream.remotePort ?? 0);
    const guest = { socket, stream, peer: peer.value, remote, arrival };
    if (purpose === "knock") this.options.knocked(guest);
    else this.options.entered(guest);
  }

  private refuse(stream: Duplex): void {
    const arrival = stream instanceof Socket ? this.arrivals.of(stream) : undefined;
    if (arrival === undefined) stream.destroy();
    else arrival.refuse();
  }
}
