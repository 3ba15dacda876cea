import { SECOND_MS } from "../../base/time.ts";
import type { MqttSettings } from "../../config/edge-settings.ts";
import { reasonOf } from "../http.ts";
import { readAuthority, readSecret } from "../secret.ts";

/** After 1.5 times this a Pi without power is dead to the broker (MQTT 3.1.1, 3.1.2.10). */
const KEEP_ALIVE_S = 15;
/** For the connection and the broker's word. A guess. */
const CONNECT_MS_MAX = 10 * SECOND_MS;
/** Nothing longer is for us; an office of 200 sensors on one Pi announces 60 kB. A guess. */
const MESSAGE_BYTES_MAX = 128 * 1024;
/** CONNACK codes that another try won't change: 4 and 5 of MQTT 3.1.1, section 3.2.2.3. */
const REFUSED_CODES: readonly unknown[] = [4, 5];

export interface BrokerMessage {
  readonly topic: string;
  readonly text: string;
  /** "retained": it was said before this node asked. */
  readonly said: "now" | "retained";
}

export interface BrokerEvents {
  connected(): void;
  heard(message: BrokerMessage): void;
  /** Once, the last word of a connection; `refused` where another try would fare the same. */
  closed(reason: string, kind: "lost" | "refused"): void;
}

export interface BrokerLink {
  /** Retained, or a retained one taken back where the text is empty; done when it is there. */
  publish(topic: string, text: string): Promise<void>;
  subscribe(topics: readonly string[]): Promise<void>;
  /** Ends it with a last message; the will is not said. */
  end(topic: string, text: string): Promise<void>;
  /** Ends it as a loss does. */
  drop(): void;
}

export interface BrokerWill {
  readonly clientId: string;
  readonly topic: string;
  readonly text: string;
}

export type OpenBroker = (will: BrokerWill, events: BrokerEvents) => Promise<BrokerLink>;

/** One connection to a broker (MQTT 3.1.1); it does not connect again by itself. */
export function brokerOpener(settings: MqttSettings, env: NodeJS.ProcessEnv): OpenBroker {
  return async ({ clientId, topic, text }, events) => {
    const { connect } = await import("mqtt");
    const secret = settings.password && readSecret(settings.password, env);
    if (secret?.ok === false) throw new Error(secret.error);
    const { username, caFile } = settings;
    const authority = caFile === "" ? undefined : readAuthority(caFile);
    if (authority?.ok === false) throw new Error(authority.error);
    const client = connect(settings.url, {
      clientId,
      clean: true,
      keepalive: KEEP_ALIVE_S,
      connectTimeout: CONNECT_MS_MAX,
      reconnectPeriod: 0,
      queueQoSZero: false,
      will: { topic, payload: Buffer.from(text), qos: 1, retain: true },
      ...(username === "" ? {} : { username }),
      ...(secret === undefined ? {} : { password: secret.value }),
      ...(authority === undefined ? {} : { ca: authority.value }),
    });
    let failure: Error | undefined;
    let tellLost: (error: Error) => void = () => {};
    const lost = new Promise<never>((_, reject) => {
      tellLost = reject;
    });
    lost.catch(() => {});
    client.on("connect", () => events.connected());
    client.on("error", (error) => {
      failure = error;
      client.end(true);
    });
    client.on("message", (name, payload, { retain }) => {
      if (payload.length > MESSAGE_BYTES_MAX) return;
      const said = retain ? "retained" : "now";
      events.heard({ topic: name, text: payload.toString(), said });
    });
    client.once("close", () => {
      const refused = REFUSED_CODES.includes((failure as { code?: unknown } | undefined)?.code);
      const reason = failure === undefined ? "the broker hung up" : reasonOf(failure);
      tellLost(new Error(reason));
      if (refused) events.closed("the broker refuses this login", "refused");
      else events.closed(reason, "lost");
    });
    return {
      publish: (name, said) =>
        Promise.race([lost, done(client.publishAsync(name, said, { qos: 1, retain: true }))]),
      subscribe: (names) =>
        Promise.race([lost, done(client.subscribeAsync([...names], { qos: 1 }))]),
      end: async (name, said) => {
        const told = client.publishAsync(name, said, { qos: 1, retain: true });
        await Promise.race([lost, told]).catch(() => {});
        await client.endAsync();
      },
      drop: () => client.end(true),
    };
  };
}

async function done(promise: Promise<unknown>): Promise<void> {
  await promise;
}
