import { KINDS, type Kind } from "../../reading/kind.ts";

/**
 * One entity in a device's discovery message, in Home Assistant's words: the keys of its MQTT
 * schemas (`homeassistant/components/mqtt`), and the classes and units of its `sensor`,
 * `binary_sensor` and `number` platforms (as published in 2026).
 */
export interface Component {
  readonly platform: "sensor" | "binary_sensor" | "number" | "device_tracker";
  readonly [option: string]: string | number | boolean | null;
}

interface KindClass {
  readonly platform: "sensor" | "binary_sensor";
  /** Home Assistant names an entity by its class, in its user's language. */
  readonly device_class?: string;
  /** For what has no class. */
  readonly name?: string;
  readonly unit_of_measurement?: string;
  readonly suggested_display_precision?: number;
}

const CLASSES: Readonly<Record<Kind, KindClass>> = {
  temperature: sensor("temperature", "°C", 1),
  humidity: sensor("humidity", "%", 0),
  pressure: sensor("atmospheric_pressure", "hPa", 0),
  co2: sensor("carbon_dioxide", "ppm", 0),
  sound: sensor("sound_pressure", "dB", 0),
  light: sensor("illuminance", "lx", 0),
  voltage: sensor("voltage", "V", 2),
  count: { platform: "sensor", name: "Count", suggested_display_precision: 0 },
  motion: { platform: "binary_sensor", device_class: "motion" },
  contact: { platform: "binary_sensor", device_class: "door" },
};

function sensor(device_class: string, unit_of_measurement: string, decimals: number): KindClass {
  const suggested_display_precision = decimals;
  return { platform: "sensor", device_class, unit_of_measurement, suggested_display_precision };
}

/** Kinds that people want to be so and so; others only where somebody did set them. */
export const TARGET_KINDS: readonly Kind[] = ["temperature", "humidity", "co2", "sound", "light"];
/** How finely Home Assistant lets a target be set. Guesses. */
const TARGET_STEPS: Partial<Record<Kind, number>> = { temperature: 0.5, voltage: 0.1 };

/** What Home Assistant takes for yes, no and not known. */
export const YES = "ON";
export const NO = "OFF";

/** The value at a key of a state topic's JSON. `null` renders as None, which is "unknown". */
export function valueAt(key: string): string {
  return `{{ value_json['${key}'] }}`;
}

/** A kind's newest value. */
export function readingComponent(kind: Kind, key: string, id: string): Component {
  const known = CLASSES[kind];
  const measured = known.platform === "sensor" ? { state_class: "measurement" } : {};
  return { ...known, ...measured, value_template: valueAt(key), unique_id: id };
}

/** Whether anybody is in a room. */
export function occupancyComponent(key: string, id: string): Component {
  const value_template = valueAt(key);
  return { platform: "binary_sensor", device_class: "occupancy", value_template, unique_id: id };
}

/** Whether a Pi is heard of. */
export function connectivityComponent(key: string, id: string): Component {
  return {
    platform: "binary_sensor",
    device_class: "connectivity",
    entity_category: "diagnostic",
    value_template: valueAt(key),
    unique_id: id,
  };
}

/** A target: to be set where there is a topic for that, else only to be seen. */
export function targetComponent(
  kind: Kind,
  { key, id, commandTopic }: { key: string; id: string; commandTopic: string | undefined },
): Component {
  const { device_class, unit_of_measurement } = CLASSES[kind];
  const common = {
    name: `Target ${kind === "co2" ? "CO₂" : kind}`,
    ...(device_class === undefined ? {} : { device_class }),
    ...(unit_of_measurement === undefined ? {} : { unit_of_measurement }),
    value_template: valueAt(key),
    unique_id: id,
  };
  if (commandTopic === undefined) return { platform: "sensor", ...common };
  const { min, max } = KINDS[kind];
  return {
    platform: "number",
    ...common,
    command_topic: commandTopic,
    min,
    max,
    step: TARGET_STEPS[kind] ?? 1,
    mode: "box",
  };
}

/** A value as it stands in a state topic's JSON. A contact that is made is a door that is shut. */
export function stateOf(kind: Kind, value: number | boolean): number | string {
  if (typeof value === "number") return value;
  return (kind === "contact" ? !value : value) ? YES : NO;
}
