import type { LiveMessage, Snapshot } from "../api/types.ts";

/** First pause before trying again; it doubles, with jitter, up to the last. */
const RETRY_MS_FIRST = 500;
const RETRY_MS_LAST = 15_000;

export type Connection = "connecting" | "live" | "lost";

/** Keeps the newest state of the node that serves this page, and says how the line is. */
export function follow(show: (state: Snapshot | undefined, line: Connection) => void): void {
  let state: Snapshot | undefined;
  let pauseMs = RETRY_MS_FIRST;
  const open = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/v1/live`);
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as LiveMessage;
      pauseMs = RETRY_MS_FIRST;
      if (message.type === "snapshot") state = message;
      else if (state !== undefined) state = { ...state, ...message, type: "snapshot" };
      show(state, "live");
    };
    socket.onclose = () => {
      show(state, "lost");
      setTimeout(open, pauseMs * (0.7 + 0.6 * Math.random()));
      pauseMs = Math.min(RETRY_MS_LAST, pauseMs * 2);
    };
  };
  show(undefined, "connecting");
  open();
}
