import { pause } from "./deadline.ts";
import { wordsOf } from "./i2c/crc8.ts";
import { hexOf, type I2cBus, I2cError } from "./i2c/port.ts";
import { ADDRESS_DEFAULT } from "./sensor-config.ts";
import type { Timers } from "./timers.ts";

/** The SCD4x has its answer ready after so long (datasheet, table 9). */
const ANSWER_MS = 2;
/** Addresses that the I2C specification leaves to devices. */
const ADDRESS_FIRST = 0x08;
const ADDRESS_LAST = 0x77;

/** What answers at one address of a bus. */
export interface Answering {
  readonly address: number;
  /** In words. */
  readonly chip: string;
  /** How sure that is: by an id, by its address alone, or not at all. */
  readonly certainty: "known" | "likely" | "unknown" | "held";
  /** The platform to configure, where we have one for it. */
  readonly platform?: keyof typeof ADDRESS_DEFAULT | "iio";
}

/**
 * Looks at every address of a bus but those in use, whose drivers a question in between would
 * upset; asks only where a chip that we know may be.
 *
 * Rejects with one line where the bus itself can't be used, or hangs.
 */
export async function scanI2c(
  bus: I2cBus,
  timers: Timers,
  inUse: ReadonlySet<number> = new Set(),
): Promise<readonly Answering[]> {
  const found: Answering[] = [];
  for (let address = ADDRESS_FIRST; address <= ADDRESS_LAST; address++) {
    if (inUse.has(address)) continue;
    const state = await presence(bus, address);
    if (state === "nobody there") continue;
    if (state === "held") {
      found.push({ address, chip: "a chip that a kernel driver has", certainty: "held" });
      continue;
    }
    found.push({ address, ...(await identify(bus, address, timers)) });
  }
  return found;
}

async function presence(bus: I2cBus, address: number): Promise<"there" | "nobody there" | "held"> {
  try {
    await bus.probe(address);
    return "there";
  } catch (error) {
    if (!(error instanceof I2cError)) throw error;
    if (error.reason === "nobody there" || error.reason === "held") return error.reason;
    throw error;
  }
}

type Chip = Omit<Answering, "address">;

const UNKNOWN: Chip = { chip: "a chip that is not known here", certainty: "unknown" };

async function identify(bus: I2cBus, address: number, timers: Timers): Promise<Chip> {
  const ask = IDENTIFY[address];
  if (ask === undefined) return UNKNOWN;
  try {
    return (await ask(bus, address, timers)) ?? UNKNOWN;
  } catch (error) {
    // It does not take the question: another chip. A bus that fails is the caller's matter.
    if (error instanceof I2cError && error.reason !== "nobody there") throw error;
    return UNKNOWN;
  }
}

type Identify = (bus: I2cBus, address: number, timers: Timers) => Promise<Chip | undefined>;

const IDENTIFY: Readonly<Record<number, Identify>> = {
  35: lightSensor,
  92: lightSensor,
  68: humiditySensor,
  69: humiditySensor,
  72: converter,
  73: converter,
  74: converter,
  75: converter,
  98: co2Sensor,
  118: boschSensor,
  119: boschSensor,
};

/** Bosch's chip ids, register 0xd0. */
const BOSCH: Readonly<Record<number, Chip>> = {
  85: { chip: "BMP180", certainty: "known", platform: "iio" },
  88: { chip: "BMP280", certainty: "known", platform: "bme280" },
  96: { chip: "BME280", certainty: "known", platform: "bme280" },
  97: { chip: "BME680 or BME688", certainty: "known", platform: "iio" },
};

async function boschSensor(bus: I2cBus, address: number): Promise<Chip | undefined> {
  const [id = 0] = await bus.readRegister(address, 0xd0, 1);
  return BOSCH[id];
}

/** The SHT3x's status register (datasheet, table 18); an SHT4x does not know that command. */
async function humiditySensor(bus: I2cBus, address: number): Promise<Chip | undefined> {
  await bus.write(address, Uint8Array.of(0xf3, 0x2d));
  if (!hasChecksum(await bus.read(address, 3))) return undefined;
  return { chip: "SHT30, SHT31 or SHT35", certainty: "known", platform: "sht3x" };
}

/** Whether data is ready: the SCD4x answers this while it measures too (datasheet, 3.8.2). */
async function co2Sensor(bus: I2cBus, address: number, timers: Timers): Promise<Chip | undefined> {
  await bus.write(address, Uint8Array.of(0xe4, 0xb8));
  await pause(timers, ANSWER_MS);
  if (!hasChecksum(await bus.read(address, 3))) return undefined;
  return { chip: "SCD40 or SCD41", certainty: "known", platform: "scd4x" };
}

/** The ADS1115 has thresholds that no thermometer at these addresses has (datasheet, 8.1.4). */
async function converter(bus: I2cBus, address: number): Promise<Chip | undefined> {
  const low = await bus.readRegister(address, 0x02, 2);
  const high = await bus.readRegister(address, 0x03, 2);
  const asSold = low[0] === 0x80 && low[1] === 0x00 && high[0] === 0x7f && high[1] === 0xff;
  return asSold ? { chip: "ADS1115", certainty: "known", platform: "ads1115" } : undefined;
}

/** It has no id: the address is all there is. */
async function lightSensor(_bus: I2cBus, address: number): Promise<Chip> {
  const certainty = address === ADDRESS_DEFAULT.bh1750 ? "likely" : "unknown";
  return { chip: `BH1750, by its address ${hexOf(address)}`, certainty, platform: "bh1750" };
}

function hasChecksum(answer: Uint8Array): boolean {
  try {
    return wordsOf(answer).length === 1;
  } catch {
    return false;
  }
}
