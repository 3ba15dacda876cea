import { SECOND_MS } from "../base/time.ts";
import { DELIVERED, type Delivery } from "./delivery.ts";
import { documentOf, type Effect } from "./effect.ts";
import { reasonOf } from "./http.ts";
import { readAuthority } from "./secret.ts";

export interface MqttOptions {
  readonly url: string;
  /** `{room}` stands for the room. */
  readonly topic: string;
  readonly username: string;
  readonly password: string | undefined;
  /** Whose certificates are trusted; undefined: the system's authorities. */
  readonly caFile: string | undefined;
}

/** For the connection and the broker's word that it has the message. A guess. */
const PUBLISH_MS_MAX = 10 * SECOND_MS;
/** CONNACK codes that another try won't change: 4 and 5 of MQTT 3.1.1, section 3.2.2.3. */
const REFUSED_CODES: readonly unknown[] = [4, 5];

/**
 * Publishes with QoS 1. It connects for each announcement: they are rare, and an idle connection
 * would be kept alive all day for them.
 */
export function mqttSend(options: MqttOptions): Effect["send"] {
  const { url, topic, username, password, caFile } = options;
  return async (message) => {
    const authority = caFile === undefined ? undefined : readAuthority(caFile);
    if (authority?.ok === false) return { outcome: "refused", reason: authority.error };
    const { connect } = await import("mqtt");
    const client = connect(url, {
      connectTimeout: PUBLISH_MS_MAX,
      reconnectPeriod: 0,
      ...(username === "" ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(authority === undefined ? {} : { ca: authority.value }),
    });
    const name = topic.replaceAll("{room}", message.room);
    return new Promise<Delivery>((resolve) => {
      const done = (delivery: Delivery) => {
        clearTimeout(late);
        resolve(delivery);
        client.end(true);
      };
      const reason = `no answer in ${PUBLISH_MS_MAX / SECOND_MS} s`;
      const late = setTimeout(() => done({ outcome: "later", reason }), PUBLISH_MS_MAX);
      client.on("error", (error) => done(failureOf(error)));
      client.on("close", () => done({ outcome: "later", reason: "the broker hung up" }));
      client.on("connect", () => {
        client.publish(name, documentOf(message), { qos: 1 }, (error) =>
          done(error ? failureOf(error) : DELIVERED),
        );
      });
    });
  };
}

function failureOf(error: Error): Delivery {
  if (!REFUSED_CODES.includes((error as { code?: unknown }).code)) {
    return { outcome: "later", reason: reasonOf(error) };
  }
  return { outcome: "refused", reason: "the broker refuses this login" };
}
