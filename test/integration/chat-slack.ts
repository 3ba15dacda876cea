import { randomInt } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** Slack gives a message out again that is not acknowledged within this. */
const ACK_MS = 3_000;

export interface SlackPost {
  readonly channel: string;
  readonly text: string;
  readonly thread: string | undefined;
  readonly form: URLSearchParams;
}

interface Envelope {
  readonly id: string;
  readonly event: object;
  attempt: number;
  heardBy: WebSocket | undefined;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Stands in for Slack: `auth.test`, `apps.connections.open`, `chat.postMessage` and Socket Mode,
 * with its envelopes, acknowledgements, second deliveries and refreshes.
 */
export class SlackStandIn {
  readonly posts: SlackPost[] = [];
  /** Calls by their method, refused ones too. */
  readonly calls: string[] = [];
  botToken = "xoxb-good";
  appToken = "xapp-good";
  /** What the next calls of `chat.postMessage` get, one each, in the place of an answer. */
  readonly answers: ((response: ServerResponse) => void)[] = [];
  private readonly sockets = new Set<WebSocket>();
  private readonly open = new Map<string, Envelope>();
  /** Known also when it has ended, so that another can stand in its place. */
  port = 0;
  private readonly server: Server;
  private readonly hub = new WebSocketServer({ noServer: true });
  /** No message of another stand-in has the same. */
  private next = randomInt(1_000, 900_000);

  private constructor() {
    this.server = createServer((request, response) => void this.called(request, response));
    this.server.on("upgrade", (request, socket, head) =>
      this.hub.handleUpgrade(request, socket, head, (link) => this.joined(link)),
    );
  }

  static async start(port = 0): Promise<SlackStandIn> {
    const slack = new SlackStandIn();
    await new Promise<void>((resolve) => slack.server.listen(port, "127.0.0.1", resolve));
    slack.port = (slack.server.address() as AddressInfo).port;
    return slack;
  }

  get api(): string {
    return `http://127.0.0.1:${this.port}/api/`;
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** Ends it as an outage does: every connection is cut. */
  async stop(): Promise<void> {
    for (const { timer } of this.open.values()) clearTimeout(timer);
    for (const link of this.sockets) link.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Somebody mentions the bot in a channel; gives the message's own stamp. */
  mention(text: string): string {
    const ts = this.stamp();
    this.give({ type: "app_mention", user: "U2", text: `<@U1> ${text}`, ts, channel: "C1" });
    return ts;
  }

  /** Somebody writes to the bot alone. */
  direct(text: string): string {
    const ts = this.stamp();
    const event = { type: "message", channel_type: "im", user: "U2", text, ts, channel: "D1" };
    this.give(event);
    return ts;
  }

  /** Any event at all. */
  give(event: object): void {
    const id = `envelope-${this.next++}`;
    const one: Envelope = { id, event, attempt: 0, heardBy: undefined, timer: undefined };
    this.open.set(id, one);
    this.deliver(one);
  }

  /** Asks every connection to come again, as Slack does every few hours. */
  refresh(): void {
    const text = JSON.stringify({ type: "disconnect", reason: "refresh_requested" });
    for (const link of this.sockets) link.send(text);
  }

  /** Sends what no Slack sends. */
  garble(text: string): void {
    for (const link of this.sockets) link.send(text);
  }

  get unacknowledged(): number {
    return this.open.size;
  }

  private stamp(): string {
    return `1700000000.${String(this.next++).padStart(6, "0")}`;
  }

  private deliver(one: Envelope): void {
    const links = [...this.sockets];
    const others = links.filter((link) => link !== one.heardBy);
    const link = (others.length > 0 ? others : links)[0];
    one.heardBy = link;
    one.timer = setTimeout(() => this.deliver(one), ACK_MS);
    link?.send(
      JSON.stringify({
        envelope_id: one.id,
        type: "events_api",
        accepts_response_payload: false,
        retry_attempt: one.attempt,
        retry_reason: one.attempt > 0 ? "timeout" : "",
        payload: { type: "event_callback", team_id: "T1", event_id: one.id, event: one.event },
      }),
    );
    one.attempt += 1;
    // The next one goes to another connection.
    if (link !== undefined && this.sockets.delete(link)) this.sockets.add(link);
  }

  private joined(link: WebSocket): void {
    this.sockets.add(link);
    link.on("close", () => this.sockets.delete(link));
    link.on("error", () => {});
    link.on("message", (bytes) => {
      const { envelope_id } = JSON.parse(String(bytes)) as { envelope_id: string };
      clearTimeout(this.open.get(envelope_id)?.timer);
      this.open.delete(envelope_id);
    });
    link.send(JSON.stringify({ type: "hello", num_connections: this.sockets.size }));
  }

  private async called(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = (request.url ?? "").replace(/^\/api\//, "");
    this.calls.push(method);
    let body = "";
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    const wanted = method === "apps.connections.open" ? this.appToken : this.botToken;
    if (token !== wanted) return reply(response, { ok: false, error: "invalid_auth" });
    if (method === "auth.test") {
      return reply(response, { ok: true, team_id: "T1", user_id: "U1", user: "watercooler" });
    }
    if (method === "apps.connections.open") {
      return reply(response, { ok: true, url: `ws://127.0.0.1:${this.port}/link/?ticket=1` });
    }
    const answer = this.answers.shift();
    if (answer !== undefined) return answer(response);
    const [channel, text] = [form.get("channel") ?? "", form.get("text") ?? ""];
    this.posts.push({ channel, text, thread: form.get("thread_ts") ?? undefined, form });
    reply(response, { ok: true, channel, ts: this.stamp() });
  }
}

export function reply(response: ServerResponse, document: object, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(document));
}
