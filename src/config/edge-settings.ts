import type { Millis } from "../base/time.ts";
import type { Kind } from "../reading/kind.ts";
import type { FilledFile } from "./schema.ts";
import { spanMs } from "./schema-values.ts";

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
        /** Left out where the system's authorities are trusted. */
        readonly caFile?: string;
      }
    | { readonly to: "slack"; readonly channel: string }
    | { readonly to: "mattermost"; readonly channel: string }
  );

/** A broker that is told of the whole mesh. */
export interface MqttSettings {
  readonly url: string;
  readonly username: string;
  readonly password?: SecretSource;
  /** Empty where the system's authorities are trusted. */
  readonly caFile: string;
  /** The first part of all topics. */
  readonly topic: string;
  /** Home Assistant's discovery prefix; empty where it is not told. */
  readonly discovery: string;
  readonly targets: "write" | "read";
  readonly people: "named" | "withheld";
}

/** A time series database that readings are pushed to. */
export interface InfluxSettings {
  /** No slash at its end. */
  readonly url: string;
  readonly into:
    | { readonly api: 2; readonly bucket: string; readonly org: string }
    | { readonly api: 1; readonly database: string; readonly username: string };
  /** A token, or the user's password. */
  readonly secret?: SecretSource;
  readonly intervalMs: Millis;
}

/** What leaves the mesh. */
export interface EdgeSettings {
  readonly announce: readonly AnnounceSettings[];
  readonly chat: ChatSettings;
  readonly mqtt?: MqttSettings;
  readonly influx?: InfluxSettings;
}

/** The file's keys `announce`, `chat`, `mqtt` and `influx`. */
export function edgeSettings(file: FilledFile): EdgeSettings {
  const { announce, chat } = file;
  const { mqtt: broker } = mqttOf(file);
  return {
    announce: announce.map((one) => announceOf(one, chat, broker)),
    chat: { people: chat.people ? "named" : "withheld", ...slackOf(chat), ...mattermostOf(chat) },
    ...mqttOf(file),
    ...influxOf(file),
  };
}

function mqttOf({ mqtt }: FilledFile): Pick<EdgeSettings, "mqtt"> {
  const { url, username, topic, discovery, targets, ca_file: caFile } = mqtt;
  if (url === "") return {};
  const password = sourceOf(mqtt.password, mqtt.password_file, mqtt.password_env);
  const people = mqtt.people ? "named" : "withheld";
  const common = { url, username, caFile, topic, discovery, targets, people } as const;
  return { mqtt: { ...common, ...(password === undefined ? {} : { password }) } };
}

function influxOf({ influx }: FilledFile): Pick<EdgeSettings, "influx"> {
  const { bucket, org, database, username } = influx;
  const url = influx.url.replace(/\/+$/, "");
  if (url === "") return {};
  const token = sourceOf(influx.token, influx.token_file, influx.token_env);
  const password = sourceOf(influx.password, influx.password_file, influx.password_env);
  const secret = token ?? password;
  const into =
    bucket === undefined
      ? ({ api: 1, database: database ?? "", username } as const)
      : ({ api: 2, bucket, org } as const);
  const intervalMs = spanMs(influx.interval);
  return { influx: { url, into, intervalMs, ...(secret === undefined ? {} : { secret }) } };
}

function announceOf(
  one: FilledFile["announce"][number],
  chat: FilledFile["chat"],
  broker: MqttSettings | undefined,
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
      const { to, topic } = one;
      return { ...common, to, topic, ...brokerOf(one, broker) };
    }
    case "slack":
    case "mattermost":
      return { ...common, to: one.to, channel: one.channel ?? chat[one.to]?.channel ?? "" };
  }
}

type MqttAnnounced = Extract<AnnounceSettings, { to: "mqtt" }>;

/** An announcement's broker; where it names none, that of `mqtt`, with its login. */
function brokerOf(
  one: Extract<FilledFile["announce"][number], { to: "mqtt" }>,
  broker: MqttSettings | undefined,
): Pick<MqttAnnounced, "url" | "username" | "password" | "caFile"> {
  const own = sourceOf(one.password, one.password_file, one.password_env);
  const isOther = one.url !== undefined || broker === undefined;
  const takesLogin = !isOther && one.username === "";
  const password = takesLogin ? broker.password : own;
  return {
    url: one.url ?? broker?.url ?? "",
    username: takesLogin ? broker.username : one.username,
    ...(password === undefined ? {} : { password }),
    ...(isOther || broker.caFile === "" ? {} : { caFile: broker.caFile }),
  };
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
