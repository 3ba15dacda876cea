import { randomInt } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { reply } from "./chat-slack.ts";

const ME = { id: "bot1", username: "watercooler" };

export interface MattermostPost {
  readonly channel_id: string;
  readonly message: string;
  readonly root_id: string;
}

/** Stands in for a Mattermost server: the parts of API version 4 that a bot needs. */
export class MattermostStandIn {
  readonly posts: MattermostPost[] = [];
  token = "good";
  /** What the next posts get, one each, in the place of an answer. */
  readonly answers: ((response: ServerResponse) => void)[] = [];
  private readonly sockets = new Set<WebSocket>();
  /** Known also when it has ended, so that another can stand in its place. */
  port = 0;
  private readonly server: Server;
  private readonly hub = new WebSocketServer({ noServer: true });
  /** No message of another stand-in has the same. */
  private next = randomInt(1_000, 900_000);

  private constructor() {
    this.server = createServer((request, response) => void this.called(request, response));
    this.server.on("upgrade", (request, socket, head) => {
      if (!this.isMember(request)) return socket.destroy();
      this.hub.handleUpgrade(request, socket, head, (link) => this.joined(link));
    });
  }

  static async start(port = 0): Promise<MattermostStandIn> {
    const chat = new MattermostStandIn();
    await new Promise<void>((resolve) => chat.server.listen(port, "127.0.0.1", resolve));
    chat.port = (chat.server.address() as AddressInfo).port;
    return chat;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.sockets.size;
  }

  async stop(): Promise<void> {
    for (const link of this.sockets) link.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Somebody writes; every connection of the bot hears it. Gives the post's identity. */
  write(message: string, channel: "channel" | "direct" = "channel", by = "user1"): string {
    const id = `post${this.next++}`;
    const direct = channel === "direct";
    const place = { channel_id: direct ? "direct1" : "town", root_id: "", type: "", props: {} };
    const post = JSON.stringify({ id, user_id: by, message, ...place });
    const data = { channel_type: direct ? "D" : "O", post, sender_name: "@ana" };
    this.tell({ event: "posted", data, broadcast: {}, seq: 1 });
    return id;
  }

  tell(event: object): void {
    for (const link of this.sockets) link.send(JSON.stringify(event));
  }

  /** Cuts every connection; who has the right token may come again. */
  hangUp(): void {
    for (const link of this.sockets) link.terminate();
  }

  garble(text: string): void {
    for (const link of this.sockets) link.send(text);
  }

  private isMember({ headers }: IncomingMessage): boolean {
    return headers.authorization === `Bearer ${this.token}`;
  }

  private joined(link: WebSocket): void {
    this.sockets.add(link);
    link.on("close", () => this.sockets.delete(link));
    link.on("error", () => {});
    const data = { server_version: "11.0.0", connection_id: `c${this.next++}` };
    link.send(JSON.stringify({ event: "hello", data, broadcast: {}, seq: 0 }));
  }

  private async called(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { method, url: path } = request;
    if (!this.isMember(request)) {
      const id = "api.context.session_expired.app_error";
      return reply(response, { id, message: "Invalid or expired session", status_code: 401 }, 401);
    }
    if (path === "/api/v4/users/me") return reply(response, ME);
    if (path === "/api/v4/teams/name/office/channels/name/town-square") {
      return reply(response, { id: "town" });
    }
    if (method !== "POST" || path !== "/api/v4/posts") {
      return reply(response, { id: "none", message: "nothing here", status_code: 404 }, 404);
    }
    const answer = this.answers.shift();
    if (answer !== undefined) return answer(response);
    this.posts.push(JSON.parse(body) as MattermostPost);
    reply(response, { id: `post${this.next++}` }, 201);
  }
}
