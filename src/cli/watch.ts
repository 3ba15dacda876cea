import type { LiveMessage, RoomDocument } from "../api/types.ts";
import type { CliDeps } from "./deps.ts";
import { ask } from "./http.ts";
import { quantity } from "./table.ts";

/** First pause before trying again; it doubles up to the last. */
const RETRY_MS_FIRST = 500;
const RETRY_MS_LAST = 15_000;

export interface WatchOptions {
  readonly node: string;
  readonly room: string | undefined;
  readonly format: "text" | "json";
}

/** Prints changes as they arrive, until Ctrl-C; goes on after the node was away. */
export async function watch(deps: CliDeps, options: WatchOptions): Promise<void> {
  await ask(options.node, "/v1/node");
  const { default: WebSocket } = await import("ws");
  const shown = new Map<string, string>();
  let pauseMs = RETRY_MS_FIRST;
  while (!deps.signal.aborted) {
    await new Promise<void>((resolve) => {
      const socket = new WebSocket(`${options.node.replace(/^http/, "ws")}/v1/live`);
      const end = () => socket.terminate();
      deps.signal.addEventListener("abort", end, { once: true });
      socket.on("open", () => {
        pauseMs = RETRY_MS_FIRST;
      });
      socket.on("message", (data) => {
        const message = JSON.parse(String(data)) as LiveMessage;
        if (options.format === "json") deps.stdout(`${JSON.stringify(message)}\n`);
        else printRooms(deps, message.rooms ?? [], options.room, shown);
      });
      socket.on("unexpected-response", () => resolve());
      socket.on("error", () => {});
      socket.on("close", () => {
        deps.signal.removeEventListener("abort", end);
        resolve();
      });
    });
    if (deps.signal.aborted) return;
    deps.stderr("the node went away; trying again\n");
    await pause(pauseMs, deps.signal);
    pauseMs = Math.min(RETRY_MS_LAST, pauseMs * 2);
  }
}

function printRooms(
  deps: CliDeps,
  rooms: readonly RoomDocument[],
  only: string | undefined,
  shown: Map<string, string>,
): void {
  for (const { room, readings } of rooms) {
    if (only !== undefined && room !== only) continue;
    for (const [kind, { value, unit, sensor, at, simulated }] of Object.entries(readings)) {
      const text = quantity(value, unit);
      const key = `${sensor} ${kind}`;
      if (shown.get(key) === text) continue;
      shown.set(key, text);
      const mark = simulated ? "  simulated" : "";
      deps.stdout(`${at.slice(11, 19)}  ${room}  ${kind}  ${text}  ${sensor}${mark}\n`);
    }
  }
}

function pause(spanMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, spanMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
