import { WebSocket } from "ws";
import type { LiveMessage, RoomDocument, RoomReadingDocument } from "../../src/api/types.ts";
import type { Kind } from "../../src/reading/kind.ts";

const POLL_MS = 100;

/** Waits for a condition; throws with what was waited for. Gives what held. */
export async function until<T>(
  look: () => Promise<T | undefined | false>,
  limitMs: number,
  what: () => string,
): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A document of a node's API; undefined while nobody answers there. */
export async function get<T>(url: string): Promise<T | undefined> {
  try {
    const response = await fetch(url);
    return response.ok ? ((await response.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

/** A reader of `/v1/live`: each room's readings as the node told them last. */
export class LiveReader {
  private readonly rooms = new Map<string, RoomDocument>();
  private readonly socket: WebSocket;
  private look = () => {};

  private constructor(url: string) {
    this.socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/live`);
    this.socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as LiveMessage;
      for (const room of message.rooms ?? []) this.rooms.set(room.room, room);
      this.look();
    });
  }

  static open(url: string): Promise<LiveReader> {
    const reader = new LiveReader(url);
    return new Promise((resolve, reject) => {
      reader.socket.once("open", () => resolve(reader));
      reader.socket.once("error", reject);
    });
  }

  reading(room: string, kind: Kind): RoomReadingDocument | undefined {
    return this.rooms.get(room)?.readings[kind];
  }

  /** Resolves in the very turn in which the node tells the value. Throws after the limit. */
  value(room: string, kind: Kind, value: number | boolean, limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = () => {
        const now = JSON.stringify(this.reading(room, kind));
        reject(new Error(`${room} ${kind} never became ${value}, it is ${now}`));
      };
      const limit = setTimeout(fail, limitMs);
      this.look = () => {
        if (this.reading(room, kind)?.value !== value) return;
        this.look = () => {};
        clearTimeout(limit);
        resolve();
      };
      this.look();
    });
  }

  close(): void {
    this.socket.terminate();
  }
}

export interface Spread {
  readonly median: number;
  readonly p95: number;
  readonly worst: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((left, right) => left - right);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95), worst: at(1) };
}

export function spreadText({ median, p95, worst }: Spread): string {
  const [first, second, third] = [median, p95, worst].map((ms) => Math.round(ms));
  return `median ${first} ms, 95 % ${second} ms, worst ${third} ms`;
}
