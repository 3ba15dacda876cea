import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock, Millis } from "../base/time.ts";
import type { ReadSide, Topic } from "../node/read-side.ts";
import { type Admitted, LIVE_PROTOCOL } from "./admission.ts";
import { type Audience, LiveBoard, type LiveSource } from "./live-board.ts";

/** Each reader costs a socket and some buffers on a small Pi. A guess. */
export const LIVE_SOCKETS_MAX = 64;
/** Changes within this span are told together; people can't see faster. */
export const COALESCE_MS = 100;
/** A reader with this much unsent is told nothing more until it has caught up. A guess. */
export const UNSENT_BYTES_MAX = 64 * 1024;
const PING_MS = 30_000;
/** Ages go stale and nodes fall silent by time alone, which no event tells. */
const LOOK_AGAIN_MS = 5_000;
/** A page can't see pings: without any message for two such spans it knows the node is gone. */
const IDLE_MESSAGE_MS = 10_000;
/** Readers have nothing to say to us. */
const INBOUND_BYTES_MAX = 1_024;
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const ALL_TOPICS: ReadonlySet<Topic> = new Set<Topic>([
  "rooms",
  "people",
  "network",
  "nodes",
  "mesh",
]);

interface Reader {
  readonly socket: WebSocket;
  readonly audience: Audience;
  readonly stillHolds: () => boolean;
  version: number;
  toldMs: Millis;
  answered: boolean;
}

/** The live socket: tells every reader the newest state, at the pace that each can take. */
export class Live {
  private readonly server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: INBOUND_BYTES_MAX,
    autoPong: false,
    clientTracking: false,
    // Never the token, which is offered as another one.
    handleProtocols: (offered) => offered.has(LIVE_PROTOCOL) && LIVE_PROTOCOL,
  });
  private readonly readers = new Set<Reader>();
  private readonly board: LiveBoard;
  private readonly dirty = new Set<Topic>();
  private readonly intervals: NodeJS.Timeout[];
  private readonly unsubscribe: () => void;
  private flushTimer: NodeJS.Timeout | undefined;
  private flushedMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(
    readSide: ReadSide,
    source: LiveSource,
    private readonly clock: Clock,
  ) {
    this.board = new LiveBoard(source);
    this.unsubscribe = readSide.subscribe((topics) => {
      for (const topic of topics) this.dirty.add(topic);
      this.flushSoon();
    });
    this.intervals = [
      setInterval(() => this.lookAgain(), LOOK_AGAIN_MS),
      setInterval(() => this.ping(), PING_MS),
    ];
  }

  get count(): number {
    return this.readers.size;
  }

  get full(): boolean {
    return this.readers.size >= LIVE_SOCKETS_MAX;
  }

  /** Takes over a socket that the door let through. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, admitted: Admitted): void {
    this.server.handleUpgrade(request, socket, head, (ws) => this.welcome(ws, admitted));
  }

  /** Says goodbye to all; whoever does not answer is cut off by the server's stop. */
  stop(): void {
    this.unsubscribe();
    clearTimeout(this.flushTimer);
    for (const interval of this.intervals) clearInterval(interval);
    for (const { socket } of this.readers) socket.close(GOING_AWAY, "this node is stopping");
    this.server.close();
  }

  private welcome(socket: WebSocket, { audience, stillHolds }: Admitted): void {
    const nowMs = this.clock.monotonicMs();
    this.dirty.clear();
    // The others are told what this look found by the flush that follows.
    if (this.board.refresh(ALL_TOPICS, nowMs)) this.flushSoon();
    const { version } = this.board;
    const reader: Reader = {
      ...{ socket, audience, stillHolds, version },
      ...{ toldMs: nowMs, answered: true },
    };
    this.readers.add(reader);
    socket.on("close", () => this.readers.delete(reader));
    socket.on("error", () => socket.terminate());
    socket.on("pong", () => {
      reader.answered = true;
    });
    socket.on("ping", (data: Buffer) => {
      // Whoever pings without reading would else fill our memory with pongs.
      if (socket.bufferedAmount < UNSENT_BYTES_MAX) socket.pong(data);
    });
    socket.send(JSON.stringify(this.board.snapshot(audience)));
  }

  private flushSoon(): void {
    if (this.flushTimer !== undefined || this.readers.size === 0) return;
    const waitMs = this.flushedMs + COALESCE_MS - this.clock.monotonicMs();
    const delayMs = Math.min(COALESCE_MS, Math.max(0, waitMs));
    this.flushTimer = setTimeout(() => this.flush(), delayMs);
  }

  private flush(): void {
    this.flushTimer = undefined;
    this.flushedMs = this.clock.monotonicMs();
    const topics = new Set(this.dirty);
    this.dirty.clear();
    if (this.readers.size === 0) return;
    this.board.refresh(topics, this.flushedMs);
    this.tell();
  }

  private lookAgain(): void {
    if (this.readers.size === 0) return;
    const nowMs = this.clock.monotonicMs();
    for (const { socket, stillHolds } of this.readers) {
      if (!stillHolds()) socket.close(POLICY_VIOLATION, "the capability does not hold any more");
    }
    this.dirty.clear();
    this.board.refresh(ALL_TOPICS, nowMs, "ages");
    this.tell();
    for (const reader of this.readers) {
      if (nowMs - reader.toldMs >= IDLE_MESSAGE_MS) this.say(reader, `{"type":"change"}`);
    }
  }

  private tell(): void {
    const texts = new Map<string, string>();
    let oldest = this.board.version;
    for (const reader of this.readers) {
      if (reader.version < this.board.version && isKeepingUp(reader.socket)) {
        const key = `${reader.version} ${reader.audience}`;
        const text = texts.get(key) ?? this.textSince(reader);
        texts.set(key, text);
        this.say(reader, text);
        reader.version = this.board.version;
      }
      oldest = Math.min(oldest, reader.version);
    }
    this.board.prune(oldest);
    if (oldest < this.board.version) this.flushSoon();
  }

  private textSince({ version, audience }: Reader): string {
    return JSON.stringify(this.board.changesSince(version, audience));
  }

  private say(reader: Reader, text: string): void {
    if (!isKeepingUp(reader.socket)) return;
    reader.socket.send(text);
    reader.toldMs = this.clock.monotonicMs();
  }

  private ping(): void {
    for (const reader of this.readers) {
      if (!reader.answered) {
        reader.socket.terminate();
        continue;
      }
      reader.answered = false;
      if (reader.socket.readyState === reader.socket.OPEN) reader.socket.ping();
    }
  }
}

function isKeepingUp(socket: WebSocket): boolean {
  return socket.readyState === socket.OPEN && socket.bufferedAmount < UNSENT_BYTES_MAX;
}
