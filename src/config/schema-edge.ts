import * as v from "valibot";
import { kindName } from "./schema-sensors.ts";
import { allowedWords, describedFlag, list, mapping, name, text } from "./schema-values.ts";

/** Where announcements may go. */
const SINKS = ["webhook", "ntfy", "mqtt", "slack", "mattermost"] as const;

const common = {
  rooms: v.optional(
    v.pipe(list(name), v.description("Only of these rooms. Default: of every one.")),
    [],
  ),
  kinds: v.optional(
    v.pipe(list(kindName), v.description("Only of these kinds. Default: of all.")),
    [],
  ),
};

const HTTP_ALLOWED = "a URL that begins with http:// or https://";
/** A web server's address. */
export function httpUrl(example: string) {
  return v.pipe(
    v.string(HTTP_ALLOWED),
    v.check((said) => isUrl(said, ["http:", "https:"]), HTTP_ALLOWED),
    v.examples([example]),
  );
}

const BROKER_ALLOWED = "a URL such as mqtt://broker.local:1883";
const brokerUrl = v.pipe(
  v.string(BROKER_ALLOWED),
  v.check((said) => isUrl(said, ["mqtt:", "mqtts:", "ws:", "wss:"]), BROKER_ALLOWED),
  v.description("Default: mqtt.url."),
);

function isUrl(said: string, protocols: readonly string[]): boolean {
  try {
    return protocols.includes(new URL(said).protocol);
  } catch {
    return false;
  }
}

/** A secret as such; a file or an environment variable is better for it. */
export function secret(what: string, begins = "") {
  const allowed = begins === "" ? "text that is not empty" : `text that begins with ${begins}`;
  return v.optional(
    v.pipe(
      text(1),
      v.check((said) => said.startsWith(begins), allowed),
      v.description(`${what}. Better kept in a file.`),
    ),
  );
}

/** Where else a secret may stand. */
export const secretFile = v.optional(
  v.pipe(text(1), v.description("A file with nothing in it but the secret.")),
);
export const secretEnv = v.optional(
  v.pipe(text(1), v.description("The environment variable that holds the secret.")),
);

const channel = v.optional(
  v.pipe(text(1), v.description("Default: the channel of chat.slack or chat.mattermost.")),
);

const sink = v.variant(
  "to",
  [
    mapping({
      to: v.literal("webhook"),
      url: httpUrl("https://example.com/hook"),
      secret: secret("What bodies are signed with, by HMAC-SHA-256"),
      secret_file: secretFile,
      secret_env: secretEnv,
      ...common,
    }),
    mapping({
      to: v.literal("ntfy"),
      url: httpUrl("https://ntfy.sh/my-office"),
      token: secret("The topic's access token"),
      token_file: secretFile,
      token_env: secretEnv,
      ...common,
    }),
    mapping({
      to: v.literal("mqtt"),
      url: v.optional(brokerUrl),
      topic: v.optional(
        v.pipe(
          text(1),
          v.check((said) => !/[+#]/.test(said), "a topic without + and #"),
          v.description("{room} stands for the room."),
        ),
        "watercooler/announcements/{room}",
      ),
      username: v.optional(text(0), ""),
      password: secret("The broker's password"),
      password_file: secretFile,
      password_env: secretEnv,
      ...common,
    }),
    mapping({ to: v.literal("slack"), channel, ...common }),
    mapping({ to: v.literal("mattermost"), channel, ...common }),
  ],
  ({ input, expected }) =>
    expected === "Object"
      ? `a mapping with to, which is one of ${SINKS.join(", ")}`
      : allowedWords(SINKS, input),
);

/** Where a room's advice is announced. */
export const announce = list(sink);

const slack = mapping({
  app_token: secret("The app-level token", "xapp-"),
  app_token_file: secretFile,
  app_token_env: secretEnv,
  bot_token: secret("The bot's token", "xoxb-"),
  bot_token_file: secretFile,
  bot_token_env: secretEnv,
  channel: v.optional(
    v.pipe(text(0), v.description("Where announcements go, such as #office.")),
    "",
  ),
  api_url: v.optional(httpUrl("https://slack.com/api/"), "https://slack.com/api/"),
});

const mattermost = mapping({
  url: httpUrl("https://chat.example.com"),
  token: secret("The bot's access token"),
  token_file: secretFile,
  token_env: secretEnv,
  channel: v.optional(
    v.pipe(text(0), v.description("Where announcements go: team/channel, or a channel's id.")),
    "",
  ),
});

/** Where questions are answered in a chat. */
export const chat = mapping({
  people: v.optional(
    describedFlag("Whether answers may name people to all who read the channel."),
    false,
  ),
  slack: v.optional(v.pipe(slack, v.description("Slack, by Socket Mode."))),
  mattermost: v.optional(v.pipe(mattermost, v.description("A Mattermost server."))),
});

/** Keys with a secret beside them, or with what may be as good as one: a webhook's URL, say. */
const SECRET_KEY = /(?:^|_)(?:token|secret|password|url|invite)$/;
/** Mappings that hold such keys: a secret may stand in place of the whole. */
const AROUND_SECRETS = /^(?:announce|chat|slack|mattermost|mqtt|influx)$/;

/** Whether what stands beside a key is not to be shown, wherever that may go. */
export function isSecretPlace(keys: readonly unknown[]): boolean {
  const last = String(keys.at(-1));
  if (SECRET_KEY.test(last) || AROUND_SECRETS.test(last)) return true;
  return keys[0] === "announce" && keys.length === 2;
}
