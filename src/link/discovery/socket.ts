import { createSocket } from "node:dgram";
import type { Packet } from "dns-packet";
import type { MulticastDNS, Options } from "multicast-dns";
import { cameFrom, type Segment } from "./interfaces.ts";
import { isSober } from "./sober-packet.ts";

/** Every multicast DNS packet comes from and goes to this port (RFC 6762, sections 6 and 11). */
const PORT = 5353;

/** Where a packet's counts of records begin (RFC 1035, section 4.1.1). */
const COUNTS_FROM = 4;

/** A packet to send; the truncated bit says that more known answers follow. */
export interface Outgoing extends Packet {
  readonly type: "query" | "response";
}

/** A packet that came in on the segment. */
export interface Incoming extends Packet {
  /** Set where more known answers follow (RFC 6762, section 7.2). */
  readonly flag_tc?: boolean;
}

/** Sends packets on one segment. It never throws; `done` says what became of a packet. */
export interface Wire {
  send(packet: Outgoing, done: (error: Error | undefined) => void): void;
}

/** What a socket hears. */
export interface SocketListener {
  query(packet: Incoming, source: string): void;
  response(packet: Incoming): void;
  /** A packet that is none, or one from elsewhere. */
  unfit(what: "malformed" | "foreign", detail: string): void;
  /** The socket is of no more use. */
  failed(error: Error): void;
}

export type MakeMdns = (options: Options) => MulticastDNS;

/** One multicast DNS instance, for one interface and family alone. */
export class MdnsSocket implements Wire {
  private readonly mdns: MulticastDNS;
  private closed = false;

  /** Throws where the system gives no socket. */
  constructor(
    makeMdns: MakeMdns,
    private readonly segment: Segment,
    private readonly listener: SocketListener,
  ) {
    const { family, name, address } = segment;
    const socket = openSocket(family === "IPv4" ? "udp4" : "udp6");
    // Before the library's own listener, which decodes whatever comes: without its counts a packet
    // that would keep it busy is an empty one.
    socket.on("message", (packet) => {
      if (isSober(packet)) return;
      packet.fill(0, COUNTS_FROM);
      this.listener.unfit("malformed", "a packet that is none");
    });
    this.mdns = makeMdns(
      family === "IPv4"
        ? { socket, interface: address, bind: "0.0.0.0" }
        : { socket, interface: `::%${name}`, ip: "ff02::fb", bind: "::" },
    );
    this.mdns.on("error", (error: Error) => this.fail(error));
    this.mdns.on("warning", (error: Error) => this.warn(error));
    this.mdns.on("query", (packet, { address: source, port }) => {
      if (this.isFit(source, port)) listener.query(packet, source);
    });
    this.mdns.on("response", (packet, { address: source, port }) => {
      if (this.isFit(source, port)) listener.response(packet);
    });
  }

  send(packet: Outgoing, done: (error: Error | undefined) => void): void {
    const sent = (error: Error | null | undefined) => done(error ?? undefined);
    try {
      const { questions = [], answers = [] } = packet;
      if (packet.type === "query") this.mdns.query({ ...packet, questions }, sent);
      else this.mdns.respond({ ...packet, answers }, sent);
    } catch (error) {
      done(error as Error);
    }
  }

  /** Frees the socket; what was handed to `send` and is not `done` may be lost. */
  close(done: () => void = () => {}): void {
    if (this.closed) return done();
    this.closed = true;
    try {
      this.mdns.destroy(done);
    } catch {
      // It was never bound, or closed itself.
      done();
    }
  }

  private isFit(source: string, port: number): boolean {
    if (this.closed) return false;
    if (port === PORT && cameFrom(this.segment, source)) return true;
    this.listener.unfit("foreign", "a packet from off the segment");
    return false;
  }

  private warn(error: Error): void {
    if (this.closed) return;
    // The library tells of sockets and of packets with one event; the system's errors have a code.
    if ("syscall" in error) this.fail(error);
    else this.listener.unfit("malformed", error.message);
  }

  private fail(error: Error): void {
    if (!this.closed) this.listener.failed(error);
  }
}

function openSocket(type: "udp4" | "udp6") {
  // Without ipv6Only a second copy of every IPv4 packet would come in on "::".
  return createSocket({ type, reuseAddr: true, ipv6Only: type === "udp6" });
}
