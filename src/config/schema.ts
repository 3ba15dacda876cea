import * as v from "valibot";
import { splitAddress } from "../base/id.ts";
import { KIND_NAMES } from "../reading/kind.ts";
import { NAME_PATTERN } from "../reading/reading.ts";
import { DURATION_PATTERN } from "./duration.ts";

const NAME_HINT = "lower-case letters, digits, dots and dashes, at most 63";
const name = v.pipe(v.string(), v.regex(NAME_PATTERN, NAME_HINT));
const duration = v.pipe(v.string(), v.regex(DURATION_PATTERN, "a span such as 10s, 5min or 24h"));
const whole = (min: number, max: number) =>
  v.pipe(
    v.number(`a whole number from ${min} to ${max}`),
    v.integer(`a whole number from ${min} to ${max}`),
    v.minValue(min, `a whole number from ${min} to ${max}`),
    v.maxValue(max, `a whole number from ${min} to ${max}`),
  );
const listen = v.pipe(
  v.string("host:port, such as 0.0.0.0:8080"),
  v.regex(/^(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}$|^$/, "host:port, such as 0.0.0.0:8080"),
);
const peer = v.pipe(
  v.string("host:port, such as 192.168.1.20:7946"),
  v.check((text) => splitAddress(text) !== undefined, "host:port, such as 192.168.1.20:7946"),
);

const number = v.number("a number");
const filter = v.union(
  [
    v.strictObject({ offset: number }),
    v.strictObject({ multiply: number }),
    v.strictObject({ median: whole(1, 99) }),
    v.strictObject({ delta: v.union([number, v.pipe(v.string(), v.regex(/^\d+(\.\d+)?%$/))]) }),
    v.strictObject({ heartbeat: duration }),
    v.strictObject({ throttle: duration }),
    v.strictObject({ debounce: duration }),
    v.strictObject({ round: whole(0, 9) }),
    v.strictObject({
      clamp: v.strictObject({ min_value: v.optional(number), max_value: v.optional(number) }),
    }),
    v.strictObject({ filter_out: v.union([number, v.array(number)]) }),
    v.strictObject({ sliding_window_moving_average: whole(1, 999) }),
    v.strictObject({ exponential_moving_average: v.strictObject({ alpha: number }) }),
  ],
  "a filter such as { offset: -1.2 }, { median: 5 }, { delta: 0.1 } or { heartbeat: 5min }",
);
const channel = v.optional(v.strictObject({ filters: v.optional(v.array(filter)) }));
const channels = Object.fromEntries(KIND_NAMES.map((kind) => [kind, channel]));
const common = {
  name: v.pipe(name, v.description("The sensor's name, shown after its node's.")),
  room: v.optional(name),
  update_interval: v.optional(duration),
  ...channels,
};
const kinds = v.optional(v.array(v.picklist(KIND_NAMES)));
const i2c = { i2c_bus: v.optional(whole(0, 31)), address: v.optional(whole(3, 0x77)) };
const i2cPlatforms = ["bme280", "ads1115", "scd4x", "sht3x", "bh1750"] as const;

const sensor = v.variant("platform", [
  ...i2cPlatforms.map((platform) =>
    v.strictObject({ platform: v.literal(platform), ...common, ...i2c }),
  ),
  v.strictObject({
    platform: v.literal("gpio"),
    ...common,
    pin: v.pipe(whole(0, 53), v.description("BCM number.")),
    kind: v.picklist(["motion", "contact"]),
    inverted: v.optional(v.boolean()),
  }),
  v.strictObject({ platform: v.literal("iio"), ...common, device: v.optional(v.string()) }),
  v.strictObject({ platform: v.literal("w1"), ...common, id: v.optional(v.string()) }),
  v.strictObject({
    platform: v.literal("serial"),
    ...common,
    path: v.pipe(v.string(), v.minLength(1)),
    baud: v.optional(whole(300, 4_000_000)),
  }),
  v.strictObject({ platform: v.literal("push"), ...common }),
  v.strictObject({ platform: v.literal("simulated"), ...common, kinds }),
]);

const adviceRule = v.strictObject({
  kind: v.picklist(KIND_NAMES),
  above: v.optional(number),
  below: v.optional(number),
  say: v.string(),
});

/** The whole of `watercooler.yaml`, as it is written. Every key may be left out. */
export const fileSchema = v.strictObject({
  node: v.optional(v.strictObject({ name: v.optional(name), room: v.optional(name) })),
  data: v.optional(v.pipe(v.string(), v.minLength(1))),
  mesh: v.optional(
    v.strictObject({
      listen: v.optional(listen),
      advertise: v.optional(v.array(peer)),
      peers: v.optional(v.array(peer)),
      discovery: v.optional(v.picklist(["auto", "libp2p", "dns-sd", "off"])),
      invite: v.optional(v.string()),
      active_view: v.optional(whole(2, 20)),
      passive_view: v.optional(whole(2, 500)),
      secret_file: v.optional(v.pipe(v.string(), v.minLength(1))),
      interfaces: v.optional(v.array(v.string())),
    }),
  ),
  api: v.optional(
    v.strictObject({
      listen: v.optional(listen),
      hosts: v.optional(v.array(v.string())),
      read: v.optional(v.picklist(["lan", "capability"])),
    }),
  ),
  sensors: v.optional(v.array(sensor)),
  neighbours: v.optional(
    v.strictObject({
      record: v.optional(v.picklist(["all", "registered", "none"])),
      keep: v.optional(duration),
      interfaces: v.optional(v.array(v.string())),
      update_interval: v.optional(duration),
    }),
  ),
  presence: v.optional(v.strictObject({ away_after: v.optional(duration) })),
  advice: v.optional(v.array(adviceRule)),
  history: v.optional(
    v.strictObject({
      raw: v.optional(duration),
      minutes: v.optional(duration),
      hours: v.optional(duration),
    }),
  ),
  mqtt: v.optional(v.strictObject({ url: v.optional(v.string()) })),
  log: v.optional(
    v.strictObject({ level: v.optional(v.picklist(["debug", "info", "warn", "error"])) }),
  ),
});

export type ConfigFile = v.InferOutput<typeof fileSchema>;
