import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type Address, addressOf } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/time.ts";
import type { ReadSide } from "../node/read-side.ts";
import { Door } from "./door.ts";
import { Live } from "./live.ts";
import { openApiDocument } from "./openapi.ts";
import { problemOf, Refusal } from "./problems.ts";
import { type Answer, type Call, ROUTES, type Route } from "./routes.ts";
import { readStaticFiles, type StaticFile } from "./static-files.ts";

/** The contract's limit on a body. */
const BODY_BYTES_MAX = 64 * 1024;
const REQUEST_MS_MAX = 10_000;
const HEADER_BYTES_MAX = 8 * 1024;
const CONNECTIONS_MAX = 256;

const SAFETY = {
  "content-security-policy":
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

export interface ApiOptions {
  /** `host:port`. */
  readonly listen: string;
  readonly hosts: readonly string[];
  readonly staticDir: string;
  readonly read: ReadSide;
  readonly clock: Clock;
  readonly log: Log;
}

/** The HTTP API and the page. */
export class ApiServer {
  private readonly server: Server;
  private readonly door: Door;
  private readonly live: Live;
  private readonly files: ReadonlyMap<string, StaticFile>;

  constructor(private readonly options: ApiOptions) {
    this.door = new Door(options.hosts, () => options.clock.monotonicMs());
    this.live = new Live(options.read);
    this.files = readStaticFiles(options.staticDir);
    this.server = createServer(
      {
        requestTimeout: REQUEST_MS_MAX,
        headersTimeout: REQUEST_MS_MAX,
        maxHeaderSize: HEADER_BYTES_MAX,
      },
      (request, response) => void this.handle(request, response),
    );
    this.server.maxConnections = CONNECTIONS_MAX;
    this.server.on("upgrade", (request, stream, head) => this.upgrade(request, stream, head));
    this.server.on("clientError", (_, socket) => socket.destroy());
  }

  /** Listens. Rejects with one line where the port is taken. */
  async start(): Promise<readonly Address[]> {
    const match = /^(.*):(\d+)$/.exec(this.options.listen);
    const host = (match?.[1] ?? "").replace(/^\[|\]$/g, "");
    const port = Number(match?.[2]);
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", (error: NodeJS.ErrnoException) => {
        const taken = error.code === "EADDRINUSE";
        const reason = taken ? "is taken by another program" : `can't be used (${error.code})`;
        reject(new Error(`port ${port} on ${host} ${reason}: stop it or set api.listen`));
      });
      this.server.listen({ host, port }, resolve);
    });
    const bound = this.server.address();
    return bound !== null && typeof bound === "object"
      ? [addressOf(bound.address, bound.port)]
      : [];
  }

  async stop(): Promise<void> {
    this.live.stop();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const write = request.method !== "GET" && request.method !== "HEAD";
      this.door.check(request, write ? "write" : "read");
      const url = new URL(request.url ?? "/", "http://node");
      if (!write && this.sendFile(url.pathname, request, response)) return;
      this.send(response, await this.answer(url, request), request.method === "HEAD");
    } catch (error) {
      this.fail(response, error);
    }
  }

  private async answer(url: URL, request: IncomingMessage): Promise<Answer> {
    if (url.pathname === "/openapi.json") {
      return { status: 200, body: openApiDocument(this.options.read.self().version) };
    }
    const matching = ROUTES.map((route) => ({ route, rest: restOf(route, url.pathname) })).filter(
      (match): match is { route: Route; rest: string } => match.rest !== undefined,
    );
    if (matching.length === 0)
      throw new Refusal(404, `nothing at ${url.pathname}: see /openapi.json`);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const match = matching.find(({ route }) => route.method === method);
    if (match === undefined) {
      const allow = matching.map(({ route }) => route.method).join(", ");
      throw new Refusal(405, `${request.method} is not done here`, { allow });
    }
    const unknown = [...url.searchParams.keys()].find((key) => !match.route.query?.includes(key));
    if (unknown !== undefined) throw new Refusal(400, `unknown parameter "${unknown}"`);
    const call: Call = {
      request,
      query: url.searchParams,
      rest: match.rest,
      json: () => readJson(request),
    };
    return match.route.handle(call, this.options.read);
  }

  private send(response: ServerResponse, answer: Answer, headOnly: unknown): void {
    const { status, body, contentType } = answer;
    const text = contentType === undefined ? JSON.stringify(body) : String(body);
    const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(text);
    response.writeHead(status, {
      ...SAFETY,
      "cache-control": "no-store",
      "content-length": bytes.length,
      ...(body === undefined ? {} : { "content-type": contentType ?? "application/json" }),
    });
    response.end(headOnly === true ? undefined : bytes);
  }

  private sendFile(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const file = this.files.get(path);
    if (file === undefined) return false;
    const { etag, type, plain, gzip } = file;
    const headers = { ...SAFETY, etag, "cache-control": "no-cache", vary: "accept-encoding" };
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304, headers).end();
      return true;
    }
    const zipped = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
    const bytes = zipped ? gzip : plain;
    response.writeHead(200, {
      ...headers,
      "content-type": type,
      "content-length": bytes.length,
      ...(zipped ? { "content-encoding": "gzip" } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : bytes);
    return true;
  }

  private fail(response: ServerResponse, error: unknown): void {
    const known = error instanceof Refusal;
    if (!known) this.options.log.write("error", "a request failed", { error: String(error) });
    const refusal = known ? error : new Refusal(500, "something went wrong here: see the log");
    if (response.headersSent) return void response.destroy();
    const bytes = Buffer.from(JSON.stringify(problemOf(refusal)));
    response.writeHead(refusal.status, {
      ...SAFETY,
      ...refusal.headers,
      "content-type": "application/problem+json",
      "content-length": bytes.length,
      ...(refusal.status === 413 ? { connection: "close" } : {}),
    });
    response.end(bytes);
  }

  private upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on("error", () => {});
    try {
      this.door.check(request, "socket");
      if (new URL(request.url ?? "/", "http://node").pathname !== "/v1/live") {
        throw new Refusal(404, "the only socket is /v1/live");
      }
      if (this.live.isFull) throw new Refusal(503, "too many are watching already");
      this.live.take(request, stream, head);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(400, "no socket");
      const body = JSON.stringify(problemOf(refusal));
      stream.end(
        `HTTP/1.1 ${refusal.status} ${problemOf(refusal).title}\r\nConnection: close\r\n` +
          `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}` +
          `\r\n\r\n${body}`,
      );
    }
  }
}

function restOf({ path }: Route, pathname: string): string | undefined {
  const open = path.indexOf("/{");
  if (open < 0) return path === pathname ? "" : undefined;
  const prefix = path.slice(0, open + 1);
  const rest = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : "";
  if (rest === "" || rest.includes("/")) return undefined;
  try {
    return decodeURIComponent(rest);
  } catch {
    return undefined;
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = String(request.headers["content-type"] ?? "")
    .split(";")[0]
    ?.trim();
  if (type !== "application/json") throw new Refusal(415, "send JSON, with its content type");
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX)
      throw new Refusal(413, `a body is at most ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}
