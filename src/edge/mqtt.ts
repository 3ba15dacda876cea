import { SECOND_MS } from "../base/time.ts";
import { DELIVERED, type Delivery } from "./delivery.ts";
import { documentOf, type Effect } from "./effect.ts";
import { reasonOf } from "./http.ts";

export interface MqttOptions {
  readonly url: string;
  /** `{room}` stands for the room. */
  readonly topic: string;
  readonly username: string;
  readonly password: string | undefined;
}

/** For the connection and the broker's word that it has the message. A guess. */
const PUBLISH_MS_MAX = 10 * SECOND_MS;
/** CONNACK codes that another try won't change: 4 and 5 of MQTT 3.1.1, section 3.2.2.3. */
const REFUSED_CODES: readonly unknown[] = [4, 5];

/**
 * Publishes with QoS 1. It connects for each announcement: they are rare, and an idle connection
 * would be kept alive all day for them.
 */
export function mqttSend({ url, topic, username, password }: MqttOptions): Effect["send"] {
  return async (message): Promise<Delivery> => {
    const { connectAsync } = await import("mqtt");
    try {
      const client = await connectAsync(url, {
        connectTimeout: PUBLISH_MS_MAX,
        reconnectPeriod: 0,
        ...(username === "" ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      });
      try {
        const name = topic.replaceAll("{room}", message.room);
        await within(client.publishAsync(name, documentOf(message), { qos: 1 }));
        return DELIVERED;
      } finally {
        client.end(true);
      }
    } catch (error) {
      const refused = REFUSED_CODES.includes((error as { code?: unknown }).code);
      const reason = refused ? "the broker refuses this login" : reasonOf(error);
      return { outcome: refused ? "refused" : "later", reason };
    }
  };
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const text = `no answer in ${PUBLISH_MS_MAX / SECOND_MS} s`;
    timer = setTimeout(() => reject(new Error(text)), PUBLISH_MS_MAX);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
