import * as v from "valibot";
import {
  SIMULATED_KINDS,
  SIMULATED_KINDS_DEFAULT,
} from "../../firmware-bridge/src/simulated-office.ts";
import { KIND_NAMES } from "../reading/kind.ts";
import { channel, updateInterval } from "./schema-filters.ts";
import { allowedWords, flag, list, mapping, name, oneOf, text, whole } from "./schema-values.ts";

/** Linux numbers I2C adapters from 0; no board has more than these. A guess. */
const I2C_BUS_MAX = 31;
const I2C_BUS_DEFAULT = 1;
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

/** A chip on an I2C bus, with the address it has as it is sold. */
function onI2c<const P extends string>(platform: P, addressDefault: number) {
  return mapping({
    platform: v.literal(platform),
    ...common,
    i2c_bus: v.optional(whole(0, I2C_BUS_MAX), I2C_BUS_DEFAULT),
    address: v.optional(address, addressDefault),
  });
}

const PLATFORMS: readonly string[] = [
  "bme280",
  "gpio",
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

/** One item of `sensors:`, told apart by its platform. */
export const sensor = v.variant(
  "platform",
  [
    onI2c("bme280", 0x76),
    mapping({
      platform: v.literal("gpio"),
      ...common,
      pin: v.pipe(whole(0, GPIO_MAX), v.description("BCM number.")),
      kind: oneOf(["motion", "contact"]),
      inverted: v.optional(flag, false),
    }),
    onI2c("ads1115", 0x48),
    onI2c("scd4x", 0x62),
    onI2c("sht3x", 0x44),
    onI2c("bh1750", 0x23),
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
      baud: v.optional(whole(BAUD_MIN, BAUD_MAX), 115_200),
    }),
    mapping({ platform: v.literal("push"), ...common }),
    mapping({
      platform: v.literal("simulated"),
      ...common,
      kinds: v.optional(list(oneOf(SIMULATED_KINDS)), [...SIMULATED_KINDS_DEFAULT]),
    }),
  ],
  ({ input, expected }) =>
    expected === "Object"
      ? "a sensor: a mapping with platform and name"
      : allowedWords(PLATFORMS, input),
);

export const kindName = oneOf(KIND_NAMES);
