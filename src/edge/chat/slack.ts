import { SocketModeClient } from "@slack/socket-mode";
import { ErrorCode, type WebAPICallResult, WebClient, type WebClientOptions } from "@slack/web-api";
import { fetch } from "undici";
import * as v from "valibot";
import { SECOND_MS } from "../../base/time.ts";
import type { SlackSettings } from "../../config/edge-settings.ts";
import type { Counters } from "../../node/counters.ts";
import { askedPauseMs, DELIVERED, type Delivery } from "../delivery.ts";
import { reasonOf } from "../http.ts";
import { readSecret } from "../secret.ts";
import { type Failure, Keeper, type KeeperParts, type Session } from "./keeper.ts";
import type { ChatService, Post, Question } from "./service.ts";

const CALL_MS_MAX = 10 * SECOND_MS;
const HELLO_MS_MAX = 20 * SECOND_MS;

/** What of Slack's errors another try may mend; whatever else it says, it will say again. */
const PASSING: readonly string[] = [
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "ratelimited",
  "team_added_to_org",
];

const envelopeDocument = v.object({
  type: v.string(),
  payload: v.optional(v.looseObject({ event: v.optional(v.looseObject({ type: v.string() })) })),
});
const eventDocument = v.object({
  type: v.picklist(["app_mention", "message"]),
  channel: v.string(),
  ts: v.string(),
  text: v.string(),
  thread_ts: v.optional(v.string()),
  user: v.optional(v.string()),
  bot_id: v.optional(v.string()),
  subtype: v.optional(v.string()),
  channel_type: v.optional(v.string()),
});

export interface SlackParts extends Omit<KeeperParts, "name" | "open"> {
  readonly settings: SlackSettings;
  readonly env: NodeJS.ProcessEnv;
  readonly counters: Counters;
  /** A hash that tells nothing of what it is made from. */
  readonly idOf: (...words: readonly string[]) => string;
}

/** What the library hands over of an event. */
interface Delivered {
  readonly type: string;
  readonly body?: { readonly event?: unknown };
  readonly ack: () => Promise<void>;
}

/**
 * A bot in Slack, by Socket Mode: no port of ours is open to anybody.
 *
 * Slack gives each message to one of the connections of an app, and again to one of them where
 * it is not acknowledged within 3 s. So a message is acknowledged once it is answered: where the
 * node that heard it dies, another one hears it.
 */
export class Slack implements ChatService {
  readonly name = "slack";
  private readonly keeper: Keeper;
  private web: WebClient | undefined;
  private bot: { readonly team: string; readonly user: string } | undefined;
  private onQuestion: (question: Question) => void = () => {};

  constructor(private readonly parts: SlackParts) {
    this.keeper = new Keeper({ ...parts, name: this.name, open: () => this.open() });
  }

  id(): string | undefined {
    if (this.bot === undefined) return undefined;
    return this.parts.idOf(this.name, this.bot.team, this.bot.user);
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
    if (this.web === undefined) return { outcome: "later", reason: "not connected yet" };
    try {
      await this.web.chat.postMessage({
        channel,
        text: escaped(text),
        mrkdwn: false,
        parse: "none",
        link_names: false,
        unfurl_links: false,
        unfurl_media: false,
        ...(thread === undefined ? {} : { thread_ts: thread }),
      });
      return DELIVERED;
    } catch (error) {
      return failureOf(error, "Slack refuses the message");
    }
  }

  private async open(): Promise<Session | Failure> {
    const { settings, env } = this.parts;
    const [botToken, appToken] = [settings.botToken, settings.appToken].map((source) =>
      readSecret(source, env),
    );
    for (const token of [botToken, appToken]) {
      if (token?.ok === false) return { outcome: "refused", reason: token.error };
    }
    if (!botToken?.ok || !appToken?.ok) return { outcome: "refused", reason: "no tokens" };
    const options = this.options();
    this.web = new WebClient(botToken.value, options);
    let told: WebAPICallResult & { team_id?: string; user_id?: string; user?: string };
    try {
      told = await this.web.auth.test();
    } catch (error) {
      return failureOf(error, "Slack refuses the bot token (xoxb-)");
    }
    const { team_id: team = "", user_id: user = "", user: name = "" } = told;
    this.bot = { team, user };
    return this.connect(appToken.value, options, name);
  }

  private async connect(
    appToken: string,
    clientOptions: WebClientOptions,
    name: string,
  ): Promise<Session | Failure> {
    const logger = quietLogger();
    // Its own reconnecting ends the process where a try is refused: a rejection nobody handles.
    const socket = new SocketModeClient({
      appToken,
      logger,
      autoReconnectEnabled: false,
      clientOptions,
    });
    this.guard(socket);
    socket.on("slack_event", (delivered: Delivered) => this.heard(delivered));
    const lost = new Promise<string>((resolve) => {
      socket.on("disconnected", () => resolve("Slack ended it"));
    });
    const close = async () => {
      await Promise.race([socket.disconnect(), lost, this.wait(SECOND_MS)]);
    };
    try {
      const late = this.wait(HELLO_MS_MAX).then(() => "late" as const);
      const started = await Promise.race([socket.start(), lost.then(() => "lost" as const), late]);
      if (started !== "late" && started !== "lost") return { as: name, lost, close };
      await close();
      return { outcome: "later", reason: "Slack does not say hello" };
    } catch (error) {
      void close();
      return failureOf(error, "Slack refuses the app-level token (xapp-)");
    }
  }

  /** A frame that is none of Slack's would be a rejection that nobody handles. */
  private guard(socket: SocketModeClient): void {
    const handlers = socket.listeners("ws_message");
    socket.removeAllListeners("ws_message");
    socket.on("ws_message", (data: unknown, isBinary: unknown) => {
      if (!isEnvelope(data)) return this.parts.counters.trouble("a strange frame of Slack's", "");
      for (const handler of handlers) {
        Promise.resolve(handler(data, isBinary)).catch((error: unknown) =>
          this.parts.counters.trouble("a strange frame of Slack's", reasonOf(error)),
        );
      }
    });
  }

  private heard({ type, body, ack }: Delivered): void {
    const done = () => {
      // A connection that is gone by now has its message given out again.
      ack().catch(() => {});
    };
    const parsed = v.safeParse(eventDocument, body?.event);
    if (type !== "events_api" || !parsed.success) return done();
    const { channel, ts, text, thread_ts, user, ...rest } = parsed.output;
    const isDirect = rest.channel_type === "im";
    const isAsked = rest.type === "app_mention" || isDirect;
    const isOwn = user === this.bot?.user || rest.bot_id !== undefined;
    if (!isAsked || isOwn || rest.subtype !== undefined) return done();
    const thread = thread_ts ?? (isDirect ? undefined : ts);
    this.onQuestion({
      message: `${channel} ${ts}`,
      text: plain(text),
      channel,
      ...(thread === undefined ? {} : { thread }),
      heardBy: "one",
      done,
    });
  }

  private options(): WebClientOptions {
    return {
      slackApiUrl: this.parts.settings.apiUrl,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: CALL_MS_MAX,
      logger: quietLogger(),
      // The library for sockets brings this one along; Node's own would be loaded beside it.
      fetch: fetch as NonNullable<WebClientOptions["fetch"]>,
    };
  }

  private wait(spanMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.parts.timers.set(spanMs, resolve);
    });
  }
}

function failureOf(error: unknown, refused: string): Failure {
  const { code, data, retryAfter, original } = error as {
    code?: string;
    data?: { error?: string };
    retryAfter?: number;
    original?: unknown;
  };
  if (code === ErrorCode.RateLimitedError) {
    const afterMs = askedPauseMs(retryAfter);
    const reason = `Slack asks to wait ${retryAfter} s`;
    return { outcome: "later", reason, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  const said = data?.error ?? "";
  if (code === ErrorCode.PlatformError && !PASSING.includes(said)) {
    return { outcome: "refused", reason: `${refused}: ${said} (docs/chat.md)` };
  }
  return { outcome: "later", reason: said || reasonOf(original ?? error) };
}

function isEnvelope(data: unknown): boolean {
  try {
    const parsed = v.safeParse(envelopeDocument, JSON.parse(String(data)));
    if (!parsed.success) return false;
    return parsed.output.type !== "events_api" || parsed.output.payload?.event !== undefined;
  } catch {
    return false;
  }
}

/** A message as its writer typed it, without mentions. */
function plain(text: string): string {
  return text
    .replace(/<@[A-Z0-9]+(?:\|[^>]*)?>/g, " ")
    .replace(/<([^<>|]*)\|?([^<>]*)>/g, (_, address: string, label: string) => label || address)
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** What goes wrong is told to whoever called; the library's own words are many. */
function quietLogger(): NonNullable<WebClientOptions["logger"]> {
  const none = () => {};
  return {
    debug: none,
    info: none,
    warn: none,
    error: none,
    setLevel: none,
    setName: none,
    getLevel: () => "error" as ReturnType<NonNullable<WebClientOptions["logger"]>["getLevel"]>,
  };
}
