import type { AnnounceSettings, SecretSource } from "../config/edge-settings.ts";
import type { ChatService } from "./chat/service.ts";
import { type Effect, lineOf } from "./effect.ts";
import { mqttSend } from "./mqtt.ts";
import { ntfySend } from "./ntfy.ts";
import { readSecret } from "./secret.ts";
import { webhookSend } from "./webhook.ts";

export interface EffectParts {
  readonly env: NodeJS.ProcessEnv;
  readonly chats: readonly ChatService[];
  /** A hash that tells nothing of what it is made from. */
  readonly idOf: (...words: readonly string[]) => string;
}

/** Makes what a line of the configuration announces to. */
export function effectOf(settings: AnnounceSettings, parts: EffectParts): Effect {
  const { rooms, kinds } = settings;
  return { ...placeOf(settings, parts), rooms, kinds };
}

function placeOf(
  settings: AnnounceSettings,
  { env, chats, idOf }: EffectParts,
): Pick<Effect, "id" | "name" | "send"> {
  const { to } = settings;
  switch (to) {
    case "webhook": {
      const { url, secret } = settings;
      const send = withSecret(secret, env, (text) => webhookSend(url, text));
      return { id: () => idOf(to, url), name: `${to} ${hostOf(url)}`, send };
    }
    case "ntfy": {
      const { url, token } = settings;
      const send = withSecret(token, env, (text) => ntfySend(url, text));
      return { id: () => idOf(to, url), name: `${to} ${hostOf(url)}`, send };
    }
    case "mqtt": {
      const { url, topic, username, caFile, password: source } = settings;
      const send = withSecret(source, env, (password) =>
        mqttSend({ url, topic, username, password, caFile }),
      );
      return { id: () => idOf(to, url, topic), name: `${to} ${hostOf(url)}`, send };
    }
    case "slack":
    case "mattermost": {
      const { channel } = settings;
      const chat = chats.find(({ name }) => name === to);
      return {
        id: () => (chat?.id() === undefined ? undefined : idOf(to, chat.id() ?? "", channel)),
        name: `${to} ${channel}`,
        send: async (message) =>
          (await chat?.post({ channel, text: lineOf(message) })) ?? {
            outcome: "refused",
            reason: "not configured",
          },
      };
    }
  }
}

/** Reads a secret for each message, so that a file that was mended is used at once. */
function withSecret(
  source: SecretSource | undefined,
  env: NodeJS.ProcessEnv,
  make: (secret: string | undefined) => Effect["send"],
): Effect["send"] {
  return async (message) => {
    const secret = source && readSecret(source, env);
    if (secret?.ok === false) return { outcome: "refused", reason: secret.error };
    return make(secret?.value)(message);
  };
}

function hostOf(url: string): string {
  return new URL(url).host;
}
