import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { ReadSide, Topic } from "../node/read-side.ts";
import {
  meshDocument,
  networkItem,
  nodeDocument,
  nodeListItem,
  roomDocument,
} from "./documents.ts";
import type { Change, Snapshot } from "./types.ts";

/** Changes are gathered this long, so that a burst is one message. A guess: unseen by people. */
const GATHER_MS = 50;
const SOCKETS_MAX = 64;
/** A reader with more than this unread waits for the newest state instead. */
const UNREAD_BYTES_MAX = 256 * 1024;
const PING_MS = 30_000;

interface Reader {
  readonly socket: WebSocket;
  readonly pending: Set<Topic>;
  timer: NodeJS.Timeout | undefined;
  answered: "yes" | "waiting";
}

/** The live WebSocket: a snapshot, then what changed, never an endless queue. */
export class Live {
  private readonly server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 4_096,
  });
  private readonly readers = new Set<Reader>();
  private readonly pings: NodeJS.Timeout;
  private readonly unsubscribe: () => void;

  constructor(private readonly read: ReadSide) {
    this.unsubscribe = read.subscribe((topics) => this.touched(topics));
    this.pings = setInterval(() => this.ping(), PING_MS);
    this.pings.unref();
  }

  get isFull(): boolean {
    return this.readers.size >= SOCKETS_MAX;
  }

  take(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.server.handleUpgrade(request, stream, head, (socket) => {
      const reader: Reader = { socket, pending: new Set(), timer: undefined, answered: "yes" };
      this.readers.add(reader);
      socket.on("error", () => {});
      socket.on("pong", () => {
        reader.answered = "yes";
      });
      socket.on("close", () => {
        clearTimeout(reader.timer);
        this.readers.delete(reader);
      });
      socket.send(JSON.stringify(this.snapshot()));
    });
  }

  stop(): void {
    this.unsubscribe();
    clearInterval(this.pings);
    for (const { socket, timer } of this.readers) {
      clearTimeout(timer);
      socket.close(1001);
      socket.terminate();
    }
  }

  private touched(topics: ReadonlySet<Topic>): void {
    for (const reader of this.readers) {
      for (const topic of topics) reader.pending.add(topic);
      reader.timer ??= setTimeout(() => this.tell(reader), GATHER_MS);
    }
  }

  private tell(reader: Reader): void {
    reader.timer = undefined;
    const { socket, pending } = reader;
    if (socket.readyState !== WebSocket.OPEN || pending.size === 0) return;
    if (socket.bufferedAmount > UNREAD_BYTES_MAX) {
      reader.timer = setTimeout(() => this.tell(reader), GATHER_MS * 10);
      return;
    }
    const message = this.change(pending);
    pending.clear();
    socket.send(JSON.stringify(message));
  }

  private ping(): void {
    for (const reader of this.readers) {
      if (reader.answered === "waiting") reader.socket.terminate();
      reader.answered = "waiting";
      reader.socket.ping();
    }
  }

  private snapshot(): Snapshot {
    return {
      type: "snapshot",
      node: nodeDocument(this.read.self()),
      mesh: meshDocument(this.read.mesh()),
      rooms: this.read.rooms().map(roomDocument),
      nodes: this.read.nodes().map(nodeListItem),
      network: this.read.network().map(networkItem),
    };
  }

  private change(topics: ReadonlySet<Topic>): Change {
    return {
      type: "change",
      ...(topics.has("mesh") ? { mesh: meshDocument(this.read.mesh()) } : {}),
      ...(topics.has("rooms") ? { rooms: this.read.rooms().map(roomDocument) } : {}),
      ...(topics.has("nodes") ? { nodes: this.read.nodes().map(nodeListItem) } : {}),
      ...(topics.has("network") ? { network: this.read.network().map(networkItem) } : {}),
    };
  }
}
