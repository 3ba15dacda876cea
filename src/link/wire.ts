import type { TLSSocket } from "node:tls";
import type WebSocket from "ws";
import type { Address, NodeId } from "../base/id.ts";
import {
  HANDSHAKE_MS_MAX,
  HELLO_BYTES_MAX,
  type Initiator,
  type LinkFailure,
  type LinkIdentity,
  type LinkStats,
  type PeerHello,
} from "./port.ts";

/** How long a farewell may wait to be read before the connection is cut. */
const CLOSE_MS_MAX = 500;

export interface WireEvents {
  up(hello: PeerHello): void;
  frame(bytes: Uint8Array): void;
  /** Called once, whatever ended it. */
  ended(reason: LinkFailure): void;
}

/** One WebSocket whose far end has proved its key: first a hello each way, then frames. */
export class Wire {
  boot: string | undefined;
  private over = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly socket: WebSocket,
    private readonly stream: TLSSocket,
    readonly about: {
      readonly peer: NodeId;
      readonly remote: Address;
      readonly initiator: Initiator;
    },
    private readonly identity: LinkIdentity,
    private readonly events: WireEvents,
  ) {
    this.timer = setTimeout(() => this.end("bad-hello"), HANDSHAKE_MS_MAX);
    socket.on("message", (data, isBinary) => this.receive(data, isBinary));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.end(error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? "oversize" : "closed");
    });
    socket.on("close", () => this.end("closed"));
  }

  /** Bytes that the network has not taken yet. */
  get buffered(): number {
    return this.socket.bufferedAmount;
  }

  sayHello(): void {
    this.send(this.identity.hello());
  }

  send(bytes: Uint8Array): void {
    if (!this.over) this.socket.send(bytes, { binary: true }, () => {});
  }

  stats(): LinkStats {
    return {
      ...this.about,
      bytesIn: this.stream.bytesRead,
      bytesOut: this.stream.bytesWritten,
      bufferedBytes: this.buffered,
    };
  }

  /** Ends the link; says so once. */
  end(reason: LinkFailure): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    // What was sent last, a DISCONNECT say, should still get through.
    if (reason === "local") this.socket.close(1000);
    else this.socket.terminate();
    const cut = setTimeout(() => this.socket.terminate(), CLOSE_MS_MAX);
    this.socket.once("close", () => clearTimeout(cut));
    this.events.ended(reason);
  }

  private receive(data: WebSocket.RawData, isBinary: boolean): void {
    if (this.over) return;
    if (!isBinary) return this.end("bad-hello");
    const bytes = data as Buffer;
    if (this.boot !== undefined) return this.events.frame(bytes);
    const tooLong = bytes.length > HELLO_BYTES_MAX;
    const judged = tooLong ? undefined : this.identity.judge(this.about.peer, bytes);
    if (judged === undefined) return this.end("bad-hello");
    if (!judged.ok) return this.end(judged.error);
    clearTimeout(this.timer);
    this.boot = judged.value.boot;
    this.events.up(judged.value);
  }
}
