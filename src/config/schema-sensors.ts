import * as v from "valibot";
import {
  ADDRESS_DEFAULT,
  ADS1115_GAINS,
  BAUD_DEFAULT,
  DEBOUNCE_DEFAULT,
  GAIN_DEFAULT_V,
  I2C_BUS_DEFAULT,
  SOUND_WINDOW_DEFAULT,
} from "../../firmware-bridge/src/sensor-config.ts";
import {
  SIMULATED_KINDS,
  SIMULATED_KINDS_DEFAULT,
} from "../../firmware-bridge/src/simulated-office.ts";
import { KIND_NAMES } from "../reading/kind.ts";
import { platformOf } from "./known-chips.ts";
import { channel, updateInterval } from "./schema-filters.ts";
import {
  allowedWords,
  duration,
  flag,
  list,
  mapping,
  name,
  number,
  oneOf,
  text,
  whole,
} from "./schema-values.ts";

/** Linux numbers I2C adapters from 0; no board has more than these. A guess. */
const I2C_BUS_MAX = 31;
/** 7-bit addresses that the I2C specification leaves to devices. */
const I2C_ADDRESS_MIN = 0x08;
const I2C_ADDRESS_MAX = 0x77;
/** BCM numbers of the lines that the Pi's SoC has. */
const GPIO_MAX = 53;
const BAUD_MIN = 300;
const BAUD_MAX = 4_000_000;

const common = {
  name: v.pipe(name, v.description("The sensor's name, shown after its node's.")),
  room: v.optional(v.pipe(name, v.description("The room it is in, where not the node's own."))),
  update_interval: v.optional(updateInterval, "10s"),
  temperature: channel,
  humidity: channel,
  pressure: channel,
  co2: channel,
  sound: channel,
  light: channel,
  motion: channel,
  contact: channel,
  voltage: channel,
  count: channel,
};

const ADDRESS_ALLOWED = "an I2C address from 0x08 to 0x77";
const address = v.pipe(
  v.union(
    [
      v.pipe(
        v.number(),
        v.integer(ADDRESS_ALLOWED),
        v.minValue(I2C_ADDRESS_MIN, ADDRESS_ALLOWED),
        v.maxValue(I2C_ADDRESS_MAX, ADDRESS_ALLOWED),
      ),
      v.pipe(
        v.string(),
        v.regex(/^0x(?:0[89a-fA-F]|[1-6][0-9a-fA-F]|7[0-7])$/, ADDRESS_ALLOWED),
        v.transform(Number),
      ),
    ],
    ADDRESS_ALLOWED,
  ),
  v.description("The chip's address on the bus, such as 0x76."),
);

/** Where a chip is, with the address it has as it is sold. */
function onI2c<const P extends keyof typeof ADDRESS_DEFAULT>(platform: P) {
  return {
    platform: v.literal(platform),
    ...common,
    i2c_bus: v.optional(whole(0, I2C_BUS_MAX), I2C_BUS_DEFAULT),
    address: v.optional(address, ADDRESS_DEFAULT[platform]),
  };
}

const METRES_ALLOWED = "metres above the sea, from -430 to 9000";
const metres = (min: number, max: number, allowed: string, says: string) =>
  v.pipe(
    v.number(allowed),
    v.minValue(min, allowed),
    v.maxValue(max, allowed),
    v.description(says),
  );
const seaLevel = metres(
  -430,
  9_000,
  METRES_ALLOWED,
  "Metres above the sea; where given, pressure is told as it would be at the sea.",
);
/** The chip takes no more (datasheet, 3.6.3). */
const co2Altitude = metres(
  0,
  3_000,
  "metres above the sea, from 0 to 3000",
  "Metres above the sea, which the chip needs for a true CO2.",
);

const pin = v.pipe(whole(0, GPIO_MAX), v.description("BCM number."));
const chip = v.optional(
  v.pipe(text(1), v.description("The GPIO chip's label, where it is not the Pi's header.")),
);
const gain = v.picklist(ADS1115_GAINS, `a full scale in volts: ${ADS1115_GAINS.join(", ")}`);

const PLATFORMS: readonly string[] = [
  "bme280",
  "gpio",
  "door_counter",
  "ads1115",
  "scd4x",
  "sht3x",
  "bh1750",
  "iio",
  "w1",
  "serial",
  "push",
  "simulated",
];

function allowedPlatforms(input: unknown): string {
  const platform = typeof input === "string" ? platformOf(input) : undefined;
  if (platform === undefined) return allowedWords(PLATFORMS, input);
  return `one of ${PLATFORMS.join(", ")}; ${input} is read by ${platform}`;
}

/** One item of `sensors:`, told apart by its platform. */
export const sensor = v.variant(
  "platform",
  [
    mapping({ ...onI2c("bme280"), altitude: v.optional(seaLevel) }),
    mapping({
      platform: v.literal("gpio"),
      ...common,
      pin,
      chip,
      kind: oneOf(["motion", "contact"]),
      inverted: v.optional(flag, false),
      debounce: v.optional(
        v.pipe(
          duration("0ms", "10s"),
          v.description("A change is told at once, the next when the line has rested for this."),
        ),
        DEBOUNCE_DEFAULT,
      ),
    }),
    mapping({
      platform: v.literal("door_counter"),
      ...common,
      pin_outside: pin,
      pin_inside: pin,
      chip,
      inverted: v.optional(flag, false),
    }),
    mapping({
      ...onI2c("ads1115"),
      channel: v.optional(v.pipe(whole(0, 3), v.description("A0 to A3, against ground.")), 0),
      gain: v.optional(v.pipe(gain, v.description("The full scale in volts.")), GAIN_DEFAULT_V),
      kind: v.optional(oneOf(KIND_NAMES), "voltage"),
      scale: v.optional(v.pipe(number, v.description("The value is the voltage times this.")), 1),
      window: v.optional(
        v.pipe(
          duration("20ms", "5s"),
          v.description("For sound: the level is the RMS over so long."),
        ),
        SOUND_WINDOW_DEFAULT,
      ),
    }),
    mapping({ ...onI2c("scd4x"), altitude: v.optional(co2Altitude) }),
    mapping(onI2c("sht3x")),
    mapping(onI2c("bh1750")),
    mapping({
      platform: v.literal("iio"),
      ...common,
      device: v.optional(v.pipe(text(1), v.description("The kernel's name for the device."))),
    }),
    mapping({
      platform: v.literal("w1"),
      ...common,
      id: v.optional(v.pipe(text(1), v.examples(["28-0316a2795f3c"]))),
    }),
    mapping({
      platform: v.literal("serial"),
      ...common,
      path: v.pipe(text(1), v.examples(["/dev/ttyACM0"])),
      baud: v.optional(whole(BAUD_MIN, BAUD_MAX), BAUD_DEFAULT),
    }),
    mapping({ platform: v.literal("push"), ...common }),
    mapping({
      platform: v.literal("simulated"),
      ...common,
      kinds: v.optional(list(oneOf(SIMULATED_KINDS)), [...SIMULATED_KINDS_DEFAULT]),
    }),
  ],
  ({ input, expected }) =>
    expected === "Object" ? "a sensor: a mapping with platform and name" : allowedPlatforms(input),
);

export const kindName = oneOf(KIND_NAMES);
