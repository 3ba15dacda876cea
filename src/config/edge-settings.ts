import type { Kind } from "../reading/kind.ts";
import type { FilledFile } from "./schema.ts";

/** Where a secret is: in the configuration itself, in a file, or in an environment variable. */
export type SecretSource =
  | { readonly from: "text"; readonly text: string }
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "env"; readonly variable: string };

export interface SlackSettings {
  readonly appToken: SecretSource;
  readonly botToken: SecretSource;
  /** Where announcements go; empty where none was named. */
  readonly channel: string;
  /** Ends with a slash. */
  readonly apiUrl: string;
}

export interface MattermostSettings {
  /** No slash at its end. */
  readonly url: string;
  readonly token: SecretSource;
  /** `team/channel`, or a channel's id; empty where none was named. */
  readonly channel: string;
}

export interface ChatSettings {
  /** Whether answers may name people. */
  readonly people: "named" | "withheld";
  readonly slack?: SlackSettings;
  readonly mattermost?: MattermostSettings;
}

/** What is announced somewhere; an empty list stands for all. */
interface Announced {
  readonly rooms: readonly string[];
  readonly kinds: readonly Kind[];
}

export type AnnounceSettings = Announced &
  (
    | { readonly to: "webhook"; readonly url: string; readonly secret?: SecretSource }
    | { readonly to: "ntfy"; readonly url: string; readonly token?: SecretSource }
    | {
        readonly to: "mqtt";
        readonly url: string;
        readonly topic: string;
        readonly username: string;
        readonly password?: SecretSource;
      }
    | { readonly to: "slack"; readonly channel: string }
    | { readonly to: "mattermost"; readonly channel: string }
  );

/** What leaves the mesh. */
export interface EdgeSettings {
  readonly announce: readonly AnnounceSettings[];
  readonly chat: ChatSettings;
}

/** The file's keys `announce` and `chat`, with what they take from `mqtt`. */
export function edgeSettings({ announce, chat, mqtt }: FilledFile): EdgeSettings {
  return {
    announce: announce.map((one) => announceOf(one, chat, mqtt.url)),
    chat: { people: chat.people ? "named" : "withheld", ...slackOf(chat), ...mattermostOf(chat) },
  };
}

function announceOf(
  one: FilledFile["announce"][number],
  chat: FilledFile["chat"],
  brokerUrl: string,
): AnnounceSettings {
  const { rooms, kinds } = one;
  const common = { rooms, kinds };
  switch (one.to) {
    case "webhook": {
      const secret = sourceOf(one.secret, one.secret_file, one.secret_env);
      return { ...common, to: one.to, url: one.url, ...(secret === undefined ? {} : { secret }) };
    }
    case "ntfy": {
      const token = sourceOf(one.token, one.token_file, one.token_env);
      return { ...common, to: one.to, url: one.url, ...(token === undefined ? {} : { token }) };
    }
    case "mqtt": {
      const { to, url = brokerUrl, topic, username } = one;
      const password = sourceOf(one.password, one.password_file, one.password_env);
      const login = password === undefined ? {} : { password };
      return { ...common, to, url, topic, username, ...login };
    }
    case "slack":
    case "mattermost":
      return { ...common, to: one.to, channel: one.channel ?? chat[one.to]?.channel ?? "" };
  }
}

function slackOf({ slack }: FilledFile["chat"]): Pick<ChatSettings, "slack"> {
  if (slack === undefined) return {};
  const appToken = sourceOf(slack.app_token, slack.app_token_file, slack.app_token_env);
  const botToken = sourceOf(slack.bot_token, slack.bot_token_file, slack.bot_token_env);
  if (appToken === undefined || botToken === undefined) return {};
  const apiUrl = `${slack.api_url.replace(/\/+$/, "")}/`;
  return { slack: { appToken, botToken, channel: slack.channel, apiUrl } };
}

function mattermostOf({ mattermost }: FilledFile["chat"]): Pick<ChatSettings, "mattermost"> {
  if (mattermost === undefined) return {};
  const { url, channel } = mattermost;
  const token = sourceOf(mattermost.token, mattermost.token_file, mattermost.token_env);
  if (token === undefined) return {};
  return { mattermost: { url: url.replace(/\/+$/, ""), token, channel } };
}

function sourceOf(
  text: string | undefined,
  path: string | undefined,
  variable: string | undefined,
): SecretSource | undefined {
  if (text !== undefined) return { from: "text", text };
  if (path !== undefined) return { from: "file", path };
  return variable === undefined ? undefined : { from: "env", variable };
}
