import * as v from "valibot";
import { WebSocket } from "ws";
import { SECOND_MS } from "../../base/time.ts";
import type { MattermostSettings } from "../../config/edge-settings.ts";
import type { Delivery } from "../delivery.ts";
import { deliveryOf, type HttpReply, reasonOf, request } from "../http.ts";
import { readSecret } from "../secret.ts";
import { type Failure, Keeper, type KeeperParts, type Session } from "./keeper.ts";
import type { ChatService, Post, Question } from "./service.ts";

/** A half-open connection is found within two of these. Mattermost's own clients take 30 s. */
const PING_MS = 30 * SECOND_MS;
const OPEN_MS_MAX = 10 * SECOND_MS;
/** A post has 16,383 characters at most, and its event twice as many bytes or more. */
const EVENT_BYTES_MAX = 256 * 1024;

const userDocument = v.object({ id: v.string(), username: v.string() });
const channelDocument = v.object({ id: v.string() });
const eventDocument = v.object({
  event: v.optional(v.string()),
  data: v.optional(
    v.object({ post: v.optional(v.string()), channel_type: v.optional(v.string()) }),
  ),
});
const postDocument = v.object({
  id: v.string(),
  user_id: v.string(),
  channel_id: v.string(),
  root_id: v.optional(v.string(), ""),
  message: v.string(),
  type: v.optional(v.string(), ""),
  props: v.nullish(v.object({ from_bot: v.optional(v.string()) })),
});

type User = v.InferOutput<typeof userDocument>;

export interface MattermostParts extends Omit<KeeperParts, "name" | "open"> {
  readonly settings: MattermostSettings;
  readonly env: NodeJS.ProcessEnv;
  /** A hash that tells nothing of what it is made from. */
  readonly idOf: (...words: readonly string[]) => string;
}

/**
 * A bot on a Mattermost server, over its API version 4 and its WebSocket.
 *
 * Four calls of that API, by hand: the official client is made for browsers, and hides what a
 * server answers besides its documents, such as how long to wait (docs/dependencies.md).
 */
export class Mattermost implements ChatService {
  readonly name = "mattermost";
  private readonly keeper: Keeper;
  private readonly channels = new Map<string, string>();
  private me: User | undefined;
  private token = "";
  private onQuestion: (question: Question) => void = () => {};

  constructor(private readonly parts: MattermostParts) {
    this.keeper = new Keeper({ ...parts, name: this.name, open: () => this.open() });
  }

  id(): string | undefined {
    if (this.me === undefined) return undefined;
    return this.parts.idOf(this.name, this.parts.settings.url, this.me.id);
  }

  connected(): boolean {
    return this.keeper.connected;
  }

  start(onQuestion: (question: Question) => void): void {
    this.onQuestion = onQuestion;
    this.keeper.start();
  }

  check() {
    return this.keeper.check();
  }

  async stop(): Promise<void> {
    await this.keeper.stop();
  }

  async post({ channel, text, thread }: Post): Promise<Delivery> {
    try {
      const found = await this.channelId(channel);
      if (typeof found !== "string") return found;
      const body = { channel_id: found, message: text, root_id: thread ?? "" };
      return deliveryOf(await this.call("POST", "/api/v4/posts", body));
    } catch (error) {
      return { outcome: "later", reason: reasonOf(error) };
    }
  }

  private async open(): Promise<Session | Failure> {
    const { settings, env } = this.parts;
    const token = readSecret(settings.token, env);
    if (!token.ok) return { outcome: "refused", reason: token.error };
    this.token = token.value;
    try {
      const reply = await this.call("GET", "/api/v4/users/me");
      if (reply.status === 401) {
        const reason = "Mattermost refuses the bot's token: make a new one and put it there";
        return { outcome: "refused", reason };
      }
      const delivery = deliveryOf(reply);
      if (delivery.outcome !== "delivered") return delivery;
      const me = read(userDocument, reply.body);
      if (me === undefined) return { outcome: "later", reason: `${settings.url} is no Mattermost` };
      this.me = me;
      return await this.connect(me);
    } catch (error) {
      return { outcome: "later", reason: reasonOf(error) };
    }
  }

  /** Fulfilled when the server has said hello. */
  private connect(me: User): Promise<Session | Failure> {
    const { settings, timers } = this.parts;
    const url = `${settings.url.replace(/^http/, "ws")}/api/v4/websocket`;
    const socket = new WebSocket(url, {
      headers: { Authorization: `Bearer ${this.token}` },
      handshakeTimeout: OPEN_MS_MAX,
      maxPayload: EVENT_BYTES_MAX,
    });
    let isAnswering = true;
    const ping = setInterval(() => {
      if (!isAnswering) return socket.terminate();
      isAnswering = false;
      socket.ping();
    }, PING_MS);
    const late = timers.set(OPEN_MS_MAX, () => socket.terminate());
    let reason = "the server hung up";
    socket.on("error", (error) => {
      reason = reasonOf(error);
    });
    socket.on("pong", () => {
      isAnswering = true;
    });
    const lost = new Promise<string>((resolve) => {
      socket.on("close", () => {
        clearInterval(ping);
        late();
        resolve(reason);
      });
    });
    return new Promise((resolve) => {
      void lost.then((why) => resolve({ outcome: "later", reason: why }));
      socket.on("message", (bytes) => {
        const event = read(eventDocument, String(bytes));
        if (event?.event === "hello") {
          late();
          resolve({ as: `${me.username}, ${settings.url}`, lost, close: () => closed(socket) });
        }
        if (event?.event === "posted") this.heard(me, event.data ?? {});
      });
    });
  }

  private heard(me: User, data: { post?: string | undefined; channel_type?: string | undefined }) {
    const post = read(postDocument, data.post ?? "");
    if (post === undefined || post.type !== "" || post.user_id === me.id) return;
    if (post.props?.from_bot === "true") return;
    const mention = new RegExp(`@${me.username.replace(/[.]/g, "\\.")}(?![\\w.-]*\\w)`, "gi");
    if (data.channel_type !== "D" && !mention.test(post.message)) return;
    this.onQuestion({
      message: post.id,
      text: post.message.replace(mention, " ").trim(),
      channel: post.channel_id,
      ...threadOf(post, data.channel_type),
      heardBy: "all",
      done: () => {},
    });
  }

  /** `team/channel` as the server's own identity; other text is one. */
  private async channelId(channel: string): Promise<string | Failure> {
    const [team = "", name] = channel.split("/");
    const known = name === undefined ? channel : this.channels.get(channel);
    if (known !== undefined || name === undefined) return known ?? channel;
    const [teamPart, namePart] = [team, name].map(encodeURIComponent);
    const reply = await this.call(
      "GET",
      `/api/v4/teams/name/${teamPart}/channels/name/${namePart}`,
    );
    if (reply.status === 404) {
      const reason = `there is no channel ${channel}, or the bot is not in it`;
      return { outcome: "refused", reason };
    }
    const delivery = deliveryOf(reply);
    if (delivery.outcome !== "delivered") return delivery;
    const found = read(channelDocument, reply.body);
    if (found === undefined) return { outcome: "later", reason: "an answer that is no channel" };
    this.channels.set(channel, found.id);
    return found.id;
  }

  private call(method: "GET" | "POST", path: string, document?: object): Promise<HttpReply> {
    return request({
      method,
      url: this.parts.settings.url + path,
      headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" },
      ...(document === undefined ? {} : { body: JSON.stringify(document) }),
    });
  }
}

/** In a channel an answer goes below its question; between two, only where a thread is. */
function threadOf(post: { id: string; root_id: string }, channelType: string | undefined) {
  if (post.root_id !== "") return { thread: post.root_id };
  return channelType === "D" ? {} : { thread: post.id };
}

function read<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("close", () => resolve());
    if (socket.readyState === WebSocket.CLOSED) resolve();
    socket.terminate();
  });
}
