import type { IncomingMessage, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** A whole reply, as a value: handlers make it, one place sends it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/**
 * On every reply, errors included. Nothing of ours needs inline scripts, other sites, frames or a
 * referrer, so a page that got a foreign string into it can still do nothing with it.
 */
export const CONTENT_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
  "object-src 'none'";

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": CONTENT_POLICY,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** A document as JSON; a state of this moment, never to be kept by a cache. */
export function json(document: unknown, status = 200): Answer {
  return {
    status,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: `${JSON.stringify(document)}\n`,
  };
}

/** Done, with nothing to say. */
export function nothing(): Answer {
  return { status: 204, headers: { "Cache-Control": "no-store" }, body: "" };
}

export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const headers: Record<string, string | number> = { ...SECURITY_HEADERS, ...answer.headers };
  const isBodiless = answer.status === 304 || answer.status === 204;
  if (!isBodiless) headers["Content-Length"] = Buffer.byteLength(answer.body);
  response.writeHead(answer.status, headers);
  response.end(request.method === "HEAD" || isBodiless ? undefined : answer.body);
}

/** Answers on a bare socket, where there is no response object, and closes it. */
export function sendRaw(socket: Duplex, answer: Answer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const headers = {
    ...SECURITY_HEADERS,
    ...answer.headers,
    "Content-Length": String(Buffer.byteLength(answer.body)),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? "Error"}`;
  socket.write([status, ...lines, "", ""].join("\r\n"));
  socket.end(answer.body, () => socket.destroy());
}
