import * as v from "valibot";
import { httpUrl, secret, secretEnv, secretFile } from "./schema-edge.ts";
import { describedFlag, mapping, oneOf, text, timerDuration } from "./schema-values.ts";

/** Topics are joined with more parts, so they neither begin nor end with a slash. */
const TOPIC_ALLOWED = "a topic without +, # and a slash at its ends";
function topic(may: "be-empty" | "not-be-empty") {
  const pattern = may === "be-empty" ? /^$|^[^+#/](?:[^+#]*[^+#/])?$/ : /^[^+#/](?:[^+#]*[^+#/])?$/;
  return v.pipe(v.string(TOPIC_ALLOWED), v.regex(pattern, TOPIC_ALLOWED));
}

const MQTT_ALLOWED = 'a URL such as mqtt://broker.local:1883, or "" for no broker';
/** A broker that is told of the whole mesh. */
export const mqtt = mapping({
  url: v.optional(
    v.pipe(
      v.string(MQTT_ALLOWED),
      v.regex(/^$|^(?:mqtts?|wss?):\/\/[^\s/]+/, MQTT_ALLOWED),
      v.description("Publish to this broker, with Home Assistant discovery."),
    ),
    "",
  ),
  username: v.optional(text(0), ""),
  password: secret("The broker's password"),
  password_file: secretFile,
  password_env: secretEnv,
  ca_file: v.optional(
    v.pipe(text(0), v.description("For mqtts: the certificate authority to trust, in PEM.")),
    "",
  ),
  topic: v.optional(
    v.pipe(topic("not-be-empty"), v.description("The first part of all topics, one for a mesh.")),
    "watercooler",
  ),
  discovery: v.optional(
    v.pipe(topic("be-empty"), v.description('Home Assistant\'s discovery prefix; "" for none.')),
    "homeassistant",
  ),
  targets: v.optional(
    v.pipe(
      oneOf(["write", "read"]),
      v.description("Whether whoever may publish to the broker may set targets."),
    ),
    "write",
  ),
  people: v.optional(describedFlag("Whether the broker is told who is in, by name."), false),
});

const DATABASE_ALLOWED = 'a URL such as http://influx.local:8086, or "" for none';
/** A database that takes InfluxDB's line protocol over HTTP. */
export const influx = mapping({
  url: v.optional(
    v.union([v.literal(""), httpUrl("http://influx.local:8086")], DATABASE_ALLOWED),
    "",
  ),
  bucket: v.optional(v.pipe(text(1), v.description("InfluxDB 2 and 3: where readings go."))),
  org: v.optional(v.pipe(text(0), v.description("InfluxDB 2: whose bucket it is.")), ""),
  token: secret("InfluxDB 2 and 3: a token that may write"),
  token_file: secretFile,
  token_env: secretEnv,
  database: v.optional(
    v.pipe(text(1), v.description("InfluxDB 1 and VictoriaMetrics: where readings go.")),
  ),
  username: v.optional(v.pipe(text(0), v.description("InfluxDB 1.")), ""),
  password: secret("InfluxDB 1: the user's password"),
  password_file: secretFile,
  password_env: secretEnv,
  interval: v.optional(
    v.pipe(timerDuration("1s"), v.description("How often what is new is sent.")),
    "10s",
  ),
});
