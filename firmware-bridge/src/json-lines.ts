import { fromUtf8 } from "../../src/base/bytes.ts";

/** A line's limit without its end, from the contract ("Serial: JSON lines"). */
export const LINE_BYTES_MAX = 512;

const NEWLINE = 0x0a;

export type LineEvent =
  | { readonly type: "line"; readonly value: unknown }
  | { readonly type: "skipped"; readonly reason: "too long" | "not JSON" };

/**
 * Cuts a byte stream into lines of JSON.
 *
 * It holds at most LINE_BYTES_MAX bytes; a longer line is told once, and the next newline is
 * where it finds its feet again. Empty lines are nothing; CR LF ends a line as LF does.
 */
export class JsonLines {
  private readonly held = new Uint8Array(LINE_BYTES_MAX + 1);
  private length = 0;
  private state: "reading" | "discarding" = "reading";

  feed(chunk: Uint8Array): LineEvent[] {
    const events: LineEvent[] = [];
    for (const byte of chunk) {
      if (byte === NEWLINE) this.endLine(events);
      else if (this.state === "reading") this.keep(byte, events);
    }
    return events;
  }

  private keep(byte: number, events: LineEvent[]): void {
    if (this.length < this.held.length) {
      this.held[this.length++] = byte;
      return;
    }
    this.state = "discarding";
    events.push({ type: "skipped", reason: "too long" });
  }

  private endLine(events: LineEvent[]): void {
    const line = this.held.subarray(0, this.length);
    const state = this.state;
    this.length = 0;
    this.state = "reading";
    if (state === "discarding") return;
    const body = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
    // One byte more is held than allowed, for the CR of a line of exactly the limit.
    if (body.length > LINE_BYTES_MAX) events.push({ type: "skipped", reason: "too long" });
    else if (body.length > 0) events.push(parse(body));
  }
}

function parse(line: Uint8Array): LineEvent {
  const text = fromUtf8(line);
  if (text === undefined) return { type: "skipped", reason: "not JSON" };
  if (text.trim() === "") return { type: "skipped", reason: "not JSON" };
  try {
    return { type: "line", value: JSON.parse(text) };
  } catch {
    return { type: "skipped", reason: "not JSON" };
  }
}
