import * as v from "valibot";

/**
 * What Home Assistant takes for a device's discovery message, as its source says: the keys and
 * rules of `homeassistant/components/mqtt/schemas.py`, `sensor.py`, `binary_sensor.py`,
 * `number.py`, `device_tracker.py`, `discovery.py` and `util.py`, the classes with their units of
 * `homeassistant/components/sensor/const.py`, `number/const.py` and `binary_sensor/__init__.py`
 * (as published in 2026), for the platforms that are used here. Its own schemas drop keys that
 * they don't know; here these are an error, so that no misspelt one goes unseen.
 */
const UNITS: Readonly<Record<string, readonly (string | undefined)[]>> = {
  temperature: ["°C", "°F", "K"],
  humidity: ["%"],
  atmospheric_pressure: ["cbar", "bar", "hPa", "mmHg", "inHg", "kPa", "mbar", "Pa", "psi", "inH₂O"],
  carbon_dioxide: ["ppm"],
  sound_pressure: ["dB", "dBA"],
  illuminance: ["lx"],
  voltage: ["V", "mV", "μV", "kV", "MV"],
};
const BINARY_CLASSES = ["motion", "door", "occupancy", "connectivity"] as const;
const STATE_CLASSES = ["measurement", "total", "total_increasing", "measurement_angle"] as const;
/** `TOPIC_MATCHER` of discovery.py. */
const CONFIG_TOPIC = /^homeassistant\/device\/(?:[a-zA-Z0-9_-]+\/)?[a-zA-Z0-9_-]+\/config$/;
const TOPIC_BYTES_MAX = 65_535;
const STEP_MIN = 1e-3;
/** The UTF-8 of a control character is what `valid_topic` refuses. */
const CONTROL = /\p{Cc}/u;

const topic = v.pipe(
  v.string(),
  v.minLength(1),
  v.check((text) => Buffer.byteLength(text) <= TOPIC_BYTES_MAX && !CONTROL.test(text)),
);
const publishTopic = v.pipe(topic, v.regex(/^[^+#]*$/));
const template = v.pipe(v.string(), v.regex(/^\{\{ [^{}]+ \}\}$/));
const text = v.string();

const common = {
  unique_id: v.pipe(text, v.minLength(1)),
  name: v.optional(v.nullable(text)),
  enabled_by_default: v.optional(v.boolean()),
  entity_category: v.optional(v.picklist(["config", "diagnostic"])),
  value_template: v.optional(template),
};

const measured = v.pipe(
  v.strictObject({
    platform: v.literal("sensor"),
    ...common,
    device_class: v.optional(v.picklist(Object.keys(UNITS))),
    unit_of_measurement: v.optional(text),
    state_class: v.optional(v.picklist(STATE_CLASSES)),
    suggested_display_precision: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  }),
  v.check((one) => hasItsUnit(one), "a unit that its class does not take"),
);

const yesNo = v.strictObject({
  platform: v.literal("binary_sensor"),
  ...common,
  device_class: v.optional(v.picklist(BINARY_CLASSES)),
  payload_on: v.optional(text),
  payload_off: v.optional(text),
});

const settable = v.pipe(
  v.strictObject({
    platform: v.literal("number"),
    ...common,
    command_topic: publishTopic,
    device_class: v.optional(v.picklist(Object.keys(UNITS))),
    unit_of_measurement: v.optional(text),
    min: v.number(),
    max: v.number(),
    step: v.pipe(v.number(), v.minValue(STEP_MIN)),
    mode: v.picklist(["auto", "box", "slider"]),
  }),
  v.check((one) => hasItsUnit(one), "a unit that its class does not take"),
  v.check(({ min, max }) => min < max, "min is to be below max"),
);

const tracker = v.strictObject({
  platform: v.literal("device_tracker"),
  ...common,
  source_type: v.picklist(["gps", "router", "bluetooth", "bluetooth_le"]),
});

/** What only takes an entity away: nothing but its platform. */
const farewell = v.strictObject({
  platform: v.picklist(["sensor", "binary_sensor", "number", "device_tracker"]),
});

const message = v.strictObject({
  device: v.strictObject({
    identifiers: v.pipe(v.array(text), v.minLength(1)),
    name: text,
    manufacturer: v.optional(text),
    model: v.optional(text),
    sw_version: v.optional(text),
    suggested_area: v.optional(text),
    configuration_url: v.optional(v.pipe(text, v.url(), v.regex(/^https?:/))),
  }),
  origin: v.strictObject({ name: text, sw_version: v.optional(text) }),
  availability: v.array(v.strictObject({ topic })),
  availability_mode: v.picklist(["all", "any", "latest"]),
  qos: v.picklist([0, 1, 2]),
  state_topic: topic,
  components: v.record(text, v.union([measured, yesNo, settable, tracker, farewell])),
});

export type DiscoveryMessage = v.InferOutput<typeof message>;

/** Reads a discovery message as Home Assistant would; throws where it would not take it. */
export function discoveryIn(at: string, said: string): DiscoveryMessage {
  if (!CONFIG_TOPIC.test(at)) throw new Error(`${at} is no topic for discovery`);
  const checked = v.safeParse(message, JSON.parse(said));
  if (checked.success) return checked.output;
  throw new Error(`${at}: ${JSON.stringify(v.flatten(checked.issues))}\n${said}`);
}

function hasItsUnit(one: {
  readonly device_class?: string | undefined;
  readonly unit_of_measurement?: string | undefined;
}): boolean {
  const { device_class: name, unit_of_measurement: unit } = one;
  return name === undefined || UNITS[name]?.includes(unit) === true;
}
