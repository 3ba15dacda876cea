import type { IncomingMessage } from "node:http";
import { concatBytes, fromUtf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Answer } from "./answer.ts";
import { problem } from "./problems.ts";

/** From the contract. */
export const BODY_BYTES_MAX = 64 * 1024;
/**
 * How much more is read and thrown away, so that a client in the middle of sending gets to see
 * why it was refused instead of a reset connection. A guess.
 */
export const DRAIN_BYTES_MAX = 1024 * 1024;

/** True where the request says beforehand that it is too long. */
export function saysTooLong(request: IncomingMessage): boolean {
  return Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX;
}

export function tooLong(): Answer {
  return problem(413, `a body may have ${BODY_BYTES_MAX} bytes: send less at a time`, {
    Connection: "close",
  });
}

/** Throws away a body that nobody wants; one longer than DRAIN_BYTES_MAX costs the connection. */
export function discard(request: IncomingMessage): void {
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > DRAIN_BYTES_MAX) request.destroy();
  });
}

/** The request's JSON, or the refusal to send: 415, 413 or 400. */
export async function readJson(request: IncomingMessage): Promise<Result<unknown, Answer>> {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";");
  if (!/^application\/(?:[\w.-]+\+)?json$/i.test(type.trim())) {
    return err(problem(415, "send JSON, with the header Content-Type: application/json"));
  }
  if (request.headers["content-encoding"] !== undefined) {
    return err(problem(415, "send the body as it is, without Content-Encoding"));
  }
  const bytes = await readBytes(request);
  if (bytes === "too long") return err(tooLong());
  if (bytes === "cut off") return err(problem(400, "the body ended early"));
  const text = fromUtf8(bytes);
  if (text === undefined) return err(problem(400, "the body is not UTF-8"));
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    return err(problem(400, `the body is not JSON: ${(error as Error).message}`));
  }
}

type Body = Uint8Array | "too long" | "cut off";

/** A socket gives a body once, but the door has to see what was signed before the route does. */
const bodies = new WeakMap<IncomingMessage, Promise<Body>>();

/** A request's whole body, the same each time it is asked for. */
export function readBytes(request: IncomingMessage): Promise<Body> {
  const known = bodies.get(request) ?? collect(request);
  bodies.set(request, known);
  return known;
}

function collect(request: IncomingMessage): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= BODY_BYTES_MAX) chunks.push(chunk);
      else chunks.length = 0;
      if (length > DRAIN_BYTES_MAX) {
        request.pause();
        resolve("too long");
      }
    });
    request.on("end", () => resolve(length > BODY_BYTES_MAX ? "too long" : concatBytes(chunks)));
    request.on("close", () => resolve("cut off"));
    request.on("error", () => resolve("cut off"));
  });
}
