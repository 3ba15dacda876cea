import type { LiveMessage } from "../api/types.ts";

/** How the page stands with its node. `triesAtMs` is on the page's own clock. */
export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "lost"; readonly triesAtMs: number };

const FIRST_PAUSE_MS = 500;
const PAUSE_MS_MAX = 15_000;
const PAUSE_GROWTH = 1.7;
/** Pauses differ by up to this share, so that a whole office does not knock at once. */
const JITTER = 0.4;
/** A node says something at least every 15 s; a Pi that lost power says nothing more at all. */
const SILENCE_MS_MAX = 25_000;
const OPEN_MS_MAX = 8_000;

interface Listener {
  message(message: LiveMessage): void;
  connection(connection: Connection): void;
}

/** Follows the node this page came from, for ever; the call that it gives ends it. */
export function follow(listener: Listener): () => void {
  const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/live`;
  let socket: WebSocket | undefined;
  let timer: number | undefined;
  let pauseMs = FIRST_PAUSE_MS;

  const after = (spanMs: number, act: () => void) => {
    clearTimeout(timer);
    timer = window.setTimeout(act, spanMs);
  };
  const lost = () => {
    drop(socket);
    socket = undefined;
    const waitMs = pauseMs * (1 + JITTER * (2 * Math.random() - 1));
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * PAUSE_GROWTH);
    listener.connection({ state: "lost", triesAtMs: performance.now() + waitMs });
    after(waitMs, open);
  };
  const open = () => {
    drop(socket);
    const opened = new WebSocket(url);
    socket = opened;
    after(OPEN_MS_MAX, lost);
    opened.onmessage = ({ data }) => {
      const message = parsed(data);
      if (message === undefined) return;
      if (message.type === "snapshot") {
        pauseMs = FIRST_PAUSE_MS;
        listener.connection({ state: "live" });
      }
      after(SILENCE_MS_MAX, lost);
      listener.message(message);
    };
    opened.onclose = lost;
  };
  const hurry = () => {
    const waiting = socket === undefined || socket.readyState === WebSocket.CLOSED;
    if (waiting && document.visibilityState === "visible") open();
  };

  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  listener.connection({ state: "connecting" });
  open();
  return () => {
    window.removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", hurry);
    clearTimeout(timer);
    drop(socket);
  };
}

function drop(socket: WebSocket | undefined): void {
  if (socket === undefined) return;
  socket.onmessage = null;
  socket.onclose = null;
  socket.close();
}

function parsed(data: unknown): LiveMessage | undefined {
  try {
    return JSON.parse(String(data)) as LiveMessage;
  } catch {
    return undefined;
  }
}
