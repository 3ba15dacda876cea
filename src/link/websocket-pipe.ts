import type { TLSSocket } from "node:tls";
import type WebSocket from "ws";
import type { LinkFailure } from "./port.ts";
import { isTold, type Pipe, type ToldReason, type Wire } from "./wire.ts";

/** How long a farewell may wait to be read before the connection is cut. A guess. */
const CLOSE_MS_MAX = 500;
/** The kernel asks a silent peer after this long; the overlay's keep-alives are faster. A guess. */
const TCP_KEEP_ALIVE_MS = 30_000;

/** Close codes: 1000 is the plain farewell, 4000 to 4999 are an application's (RFC 6455, 7.4). */
const CODES: Readonly<Record<ToldReason, number>> = {
  local: 1000,
  replaced: 4000,
  "not-member": 4001,
  "bad-hello": 4002,
  "wrong-identity": 4003,
};

/** The library's names for more than RECEIVER_LIMITS allow. */
const TOO_MUCH: readonly string[] = [
  "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
  "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH",
  "WS_ERR_TOO_MANY_BUFFERED_PARTS",
];

/** A WebSocket as a pipe; bytes are those of the TLS stream that carries it. */
export class WebSocketPipe implements Pipe {
  constructor(
    private readonly socket: WebSocket,
    private readonly stream: TLSSocket,
  ) {
    stream.setNoDelay(true);
    stream.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
  }

  get bytesIn(): number {
    return this.stream.bytesRead;
  }

  get bytesOut(): number {
    return this.stream.bytesWritten;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  /** Hands what arrives to the wire, and the end of the connection too. */
  feed(wire: Wire): void {
    this.socket.on("message", (data, isBinary) => {
      // Whoever sends text is no node: we never do.
      if (isBinary && Buffer.isBuffer(data)) wire.receive(data);
      else wire.end("bad-hello");
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      wire.end(causeOf(error.code ?? ""));
    });
    this.socket.on("close", (code) => wire.end(heardAs(code)));
  }

  send(bytes: Uint8Array): void {
    // An error is told by "close" as well.
    this.socket.send(bytes, { binary: true }, () => {});
  }

  close(reason: LinkFailure): void {
    if (!isTold(reason)) return this.socket.terminate();
    const cut = setTimeout(() => this.socket.terminate(), CLOSE_MS_MAX);
    this.socket.once("close", () => clearTimeout(cut));
    this.socket.close(CODES[reason]);
  }
}

/** What the library found wrong with what came in. */
function causeOf(code: string): LinkFailure {
  if (TOO_MUCH.includes(code)) return "oversize";
  return code.startsWith("WS_ERR_") ? "not-websocket" : "closed";
}

/** What the far end's close code says; a plain farewell and no code at all are both an end. */
function heardAs(code: number): LinkFailure {
  const told = Object.entries(CODES).find(([, one]) => one === code)?.[0];
  return told === undefined || told === "local" ? "closed" : (told as ToldReason);
}
