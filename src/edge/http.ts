import type { ClientRequest, IncomingHttpHeaders, RequestOptions } from "node:http";
import { fromUtf8 } from "../base/bytes.ts";
import { type Millis, SECOND_MS } from "../base/time.ts";
import { askedPauseMs, DELIVERED, type Delivery } from "./delivery.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** From the first byte to the last, name look-up included. A guess. */
const REQUEST_MS_MAX = 10 * SECOND_MS;
/** Answers are short; what is more is cut off. A guess. */
const REPLY_BYTES_MAX = 256 * 1024;

/**
 * One request over Node's own client: its fetch would cost every node that announces 6 MB
 * (measured). Redirects are not followed. Rejects with one line where there was no answer.
 */
export async function request(asked: HttpRequest): Promise<HttpReply> {
  const { method, url, headers, body } = asked;
  const { request: start } = url.startsWith("https:")
    ? await import("node:https")
    : await import("node:http");
  const options: RequestOptions = {
    method,
    headers: {
      "User-Agent": "watercooler",
      ...headers,
      ...(body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) }),
    },
  };
  return new Promise((resolve, reject) => {
    const outgoing = start(url, options);
    const limit = setTimeout(
      () => outgoing.destroy(new Error(`no answer in ${REQUEST_MS_MAX / SECOND_MS} s`)),
      REQUEST_MS_MAX,
    );
    outgoing.on("close", () => clearTimeout(limit));
    outgoing.on("error", (error) => reject(new Error(reasonOf(error))));
    readReply(outgoing, resolve, reject);
    outgoing.end(body);
  });
}

function readReply(
  outgoing: ClientRequest,
  resolve: (reply: HttpReply) => void,
  reject: (error: Error) => void,
): void {
  outgoing.on("response", (incoming) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = () => {
      const { statusCode: status = 0, headers } = incoming;
      resolve({ status, headers, body: fromUtf8(Buffer.concat(chunks)) ?? "" });
    };
    incoming.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= REPLY_BYTES_MAX) chunks.push(chunk);
      else incoming.destroy();
    });
    incoming.on("end", done);
    incoming.on("close", done);
    incoming.on("error", (error) => reject(new Error(reasonOf(error))));
  });
}

/** Sends, and says what became of it. Never rejects. */
export async function deliver(asked: HttpRequest): Promise<Delivery> {
  try {
    return deliveryOf(await request(asked));
  } catch (error) {
    return { outcome: "later", reason: reasonOf(error) };
  }
}

/** What an answer means for whoever wanted something delivered. */
export function deliveryOf({ status, headers }: HttpReply): Delivery {
  if (status >= 200 && status < 300) return DELIVERED;
  const reason = `HTTP ${status}`;
  if (status !== 408 && status !== 425 && status !== 429 && status < 500) {
    return { outcome: "refused", reason };
  }
  const afterMs = retryAfterMs(headers);
  return { outcome: "later", reason, ...(afterMs === undefined ? {} : { afterMs }) };
}

function retryAfterMs(headers: IncomingHttpHeaders): Millis | undefined {
  // A date would be judged by this machine's clock, which may be years off.
  const seconds = headers["retry-after"] ?? headers["x-ratelimit-reset"];
  return seconds === undefined ? undefined : askedPauseMs(seconds);
}

/** A failure in one line, without the address that was asked for. */
export function reasonOf(error: unknown): string {
  const { code, message, cause } = error as NodeJS.ErrnoException;
  if (cause instanceof Error) return reasonOf(cause);
  if (code === "ECONNREFUSED") return "nobody listens there";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "no such host, or no name server";
  return code ?? String(message ?? error).split("\n")[0] ?? "unknown reason";
}
