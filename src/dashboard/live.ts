import type { LiveMessage } from "../api/types.ts";
import { heldGrants } from "./grant.ts";
import { liveProtocols } from "./signed-fetch.ts";

/**
 * How the page stands with the mesh. `via` is the node that speaks: absent for the one that the
 * page came from. `triesAtMs` is on the page's own clock.
 */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "live"; readonly via?: string }
  | { readonly state: "lost"; readonly triesAtMs: number };

const LIVE_PATH = "/v1/live";
const FIRST_PAUSE_MS = 500;
const PAUSE_MS_MAX = 15_000;
const PAUSE_GROWTH = 1.7;
/** Pauses differ by up to this share, so that a whole office does not knock at once. */
const JITTER = 0.4;
/** A node says something at least every 15 s; a Pi that lost power says nothing more at all. */
const SILENCE_MS_MAX = 25_000;
/** A Pi that lives answers in a tenth of this; one without power never does. A guess. */
const ROUND_MS_MAX = 4_000;
/** The page's own node has so much of a start before the others are asked too. A guess. */
const HEAD_START_MS = 300;
/** Nodes asked at once beside the page's own. */
const OTHERS_MAX = 4;
/** How often the page's own node is asked while another one speaks. A guess. */
const HOME_MS = 10_000;

interface Listener {
  message(message: LiveMessage): void;
  connection(connection: Connection): void;
  /** Where other nodes' pages are, as last told. */
  others(): readonly string[];
}

/** Follows the node this page came from, and others while it is gone, until `stop`. */
export class Follower {
  private readonly home = location.origin;
  private current: WebSocket | undefined;
  private readonly attempts = new Set<WebSocket>();
  private timers: number[] = [];
  private silence: number | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private state: Connection["state"] = "connecting";
  /** Who was asked in this round: the own node first, a moment later the others. */
  private asked: "own" | "all" = "own";

  constructor(private readonly listener: Listener) {}

  start(): void {
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.round();
  }

  stop(): void {
    window.removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    this.clear();
    drop(this.current);
    clearTimeout(this.silence);
  }

  /** Asks the own node and, a moment later, a few others; the first that tells the state wins. */
  private round(): void {
    this.clear();
    this.say({ state: "connecting" });
    this.asked = "own";
    this.ask(this.home);
    const others = shuffled(this.listener.others().filter((origin) => origin !== this.home));
    this.after(HEAD_START_MS, () => {
      this.asked = "all";
      for (const origin of others.slice(0, OTHERS_MAX)) this.ask(origin);
      if (this.attempts.size === 0) this.failed();
    });
    this.after(ROUND_MS_MAX, () => this.failed());
  }

  private ask(origin: string): void {
    // A grant is shown to the page's own node: it is for one node at a time.
    if (origin !== this.home || heldGrants().length === 0) this.open(origin, []);
    else
      liveProtocols(LIVE_PATH).then(
        (protocols) => this.open(origin, protocols),
        () => this.open(origin, []),
      );
  }

  private open(origin: string, protocols: string[]): void {
    const url = origin.replace(/^http/, "ws").replace(/\/$/, "") + LIVE_PATH;
    const socket = new WebSocket(url, protocols);
    this.attempts.add(socket);
    socket.onclose = () => {
      this.attempts.delete(socket);
      // A grant that is of no use any more: what everybody may see is left.
      if (protocols.length > 0) return this.open(origin, []);
      const isSearching = this.current === undefined && this.asked === "all";
      if (isSearching && this.attempts.size === 0) this.failed();
    };
    socket.onmessage = ({ data }) => {
      const message = parsed(data);
      if (message?.type === "snapshot") this.adopt(socket, origin, message);
    };
  }

  private adopt(socket: WebSocket, origin: string, snapshot: LiveMessage): void {
    this.attempts.delete(socket);
    this.clear();
    drop(this.current);
    this.current = socket;
    this.pauseMs = FIRST_PAUSE_MS;
    socket.onclose = () => this.lost();
    socket.onmessage = ({ data }) => {
      const message = parsed(data);
      if (message === undefined) return;
      this.heard();
      this.listener.message(message);
    };
    this.heard();
    this.listener.message(snapshot);
    this.say(origin === this.home ? { state: "live" } : { state: "live", via: origin });
    if (origin !== this.home) this.lookHome();
  }

  private lookHome(): void {
    this.after(HOME_MS, () => {
      this.clear();
      this.ask(this.home);
      this.lookHome();
    });
  }

  private lost(): void {
    drop(this.current);
    this.current = undefined;
    clearTimeout(this.silence);
    this.round();
  }

  private failed(): void {
    this.clear();
    const waitMs = this.pauseMs * (1 + JITTER * (2 * Math.random() - 1));
    this.pauseMs = Math.min(PAUSE_MS_MAX, this.pauseMs * PAUSE_GROWTH);
    this.say({ state: "lost", triesAtMs: performance.now() + waitMs });
    this.after(waitMs, () => this.round());
  }

  private heard(): void {
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.lost(), SILENCE_MS_MAX);
  }

  private readonly hurry = () => {
    if (this.state === "lost" && document.visibilityState === "visible") this.round();
  };

  private say(connection: Connection): void {
    this.state = connection.state;
    this.listener.connection(connection);
  }

  private after(spanMs: number, act: () => void): void {
    this.timers.push(window.setTimeout(act, spanMs));
  }

  private clear(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    for (const socket of this.attempts) drop(socket);
    this.attempts.clear();
  }
}

function drop(socket: WebSocket | undefined): void {
  if (socket === undefined) return;
  socket.onmessage = null;
  socket.onclose = null;
  socket.close();
}

function shuffled(origins: readonly string[]): readonly string[] {
  return origins
    .map((origin) => ({ origin, at: Math.random() }))
    .sort((left, right) => left.at - right.at)
    .map(({ origin }) => origin);
}

function parsed(data: unknown): LiveMessage | undefined {
  try {
    return JSON.parse(String(data)) as LiveMessage;
  } catch {
    return undefined;
  }
}
