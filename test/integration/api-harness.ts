import assert from "node:assert/strict";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import type { TestContext } from "node:test";
import WebSocket from "ws";
import type { ApiOptions } from "../../src/api/server.ts";
import { createApi } from "../../src/api/server.ts";
import { splitAddress } from "../../src/base/id.ts";
import type { Log } from "../../src/base/log.ts";
import type { Clock } from "../../src/base/time.ts";
import { FakeOffice } from "./api-fake-office.ts";

/** What any wait here may take. */
export const WAIT_MS_MAX = 20_000;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export interface Served {
  readonly office: FakeOffice;
  readonly port: number;
  readonly logged: readonly string[];
  stop(): Promise<void>;
}

/** A real API on loopback over a fake office; stopped when the test ends. */
export async function serve(
  context: TestContext,
  over: Partial<ApiOptions> & { office?: FakeOffice } = {},
): Promise<Served> {
  const { office = new FakeOffice(), ...rest } = over;
  const logged: string[] = [];
  const log: Log = {
    write: (level, message, fields) =>
      logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
  };
  const api = createApi({
    listen: "127.0.0.1:0",
    hosts: [],
    read: "lan",
    log,
    readSide: office,
    clock: systemClock,
    ...rest,
  });
  const addresses = await api.start();
  context.after(() => api.stop());
  const port = splitAddress(addresses[0] ?? "")?.port ?? 0;
  return { office, port, logged, stop: () => api.stop() };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  json(): Record<string, unknown>;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly host?: string;
  /** Whether the length is said beforehand or the body is sent in chunks. */
  readonly framing?: "length" | "chunked";
}

export function ask(port: number, path: string, how: Ask = {}): Promise<Reply> {
  const { method = "GET", headers = {}, body, host = "127.0.0.1", framing = "length" } = how;
  return new Promise((resolve, reject) => {
    const chunked = { "transfer-encoding": "chunked" };
    const counted = { "content-length": String(Buffer.byteLength(body ?? "")) };
    const framed = framing === "chunked" ? chunked : counted;
    const length: Record<string, string> = body === undefined ? {} : framed;
    const sent = request({ host, port, path, method, headers: { ...length, ...headers } });
    sent.setTimeout(WAIT_MS_MAX, () => sent.destroy(new Error("no answer in time")));
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString("utf8");
        const { statusCode = 0, headers: got } = response;
        resolve({ status: statusCode, headers: got, bytes, text, json: () => JSON.parse(text) });
      });
    });
    sent.end(body);
  });
}

/** Sends bytes as they are; gives all that came back until the other side closed. */
export function raw(port: number, text: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let got = "";
    socket.setTimeout(WAIT_MS_MAX, () => socket.destroy(new Error(`not closed after: ${got}`)));
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
    });
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? resolve(got) : reject(error),
    );
    socket.on("close", () => resolve(got));
  });
}

/** Checks an error's form, and that its detail says what the test expects. */
export function assertProblem(reply: Reply, status: number, detail: RegExp): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.headers["content-type"], "application/problem+json");
  const document = reply.json();
  assert.equal(document["status"], status);
  assert.equal(document["type"], "about:blank");
  assert.equal(typeof document["title"], "string");
  assert.match(String(document["detail"]), detail);
  assert.doesNotMatch(reply.text, /\bat .*\.[jt]s:\d+/);
}

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const startMs = performance.now();
  while (!holds()) {
    if (performance.now() - startMs > WAIT_MS_MAX) assert.fail(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export type Message = Record<string, unknown> & { readonly type: string };

/** A reader of the live socket that keeps all it was told. */
export class LiveReader {
  readonly messages: Message[] = [];
  readonly socket: WebSocket;
  refusedWith: number | undefined;

  constructor(port: number, headers: Record<string, string> = {}, path = "/v1/live") {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    this.socket.on("message", (data) => this.messages.push(JSON.parse(String(data))));
    this.socket.on("error", () => {});
    this.socket.on("unexpected-response", (sent, response) => {
      this.refusedWith = response.statusCode;
      response.resume();
      sent.destroy();
    });
  }

  /** The message at this place, as soon as it is there. */
  async message(at: number): Promise<Message> {
    await until(`message ${at}`, () => this.messages.length > at);
    return this.messages[at] as Message;
  }
}
