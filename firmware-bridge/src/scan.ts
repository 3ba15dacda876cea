import { lineOf } from "./deadline.ts";
import { w1Thermometers } from "./drivers/w1.ts";
import type { Hardware } from "./hardware.ts";
import { hexOf } from "./i2c/port.ts";
import { type Answering, scanI2c } from "./scan-i2c.ts";
import { ADDRESS_DEFAULT, I2C_BUS_DEFAULT } from "./sensor-config.ts";
import { kernelDevices } from "./sysfs/devices.ts";
import type { Timers } from "./timers.ts";

/** An item of `sensors:` as a person would write it. */
export interface SensorItem {
  readonly platform: string;
  readonly name: string;
  readonly [key: string]: string | number;
}

/** One thing that a scan has seen. */
export interface Found {
  /** `i2c-1 0x76`, `iio:device0`. */
  readonly where: string;
  readonly what: string;
  /** What to configure, where there is a driver for it. */
  readonly item?: SensorItem;
  /** Whether a node with no `sensors:` uses it: what is surely a sensor, with nothing to choose. */
  readonly use: "by itself" | "once configured" | "not";
}

export interface Scan {
  readonly found: readonly Found[];
  /** Buses that could not be looked at, each with what to do. */
  readonly troubles: readonly { readonly where: string; readonly says: string }[];
  readonly buses: readonly number[];
}

/** Buses of screens and mainboards: nobody wires a sensor there, and reading may upset them. */
const NOT_FOR_SENSORS = /hdmi|ddc|i915|amdgpu|nvidia|radeon|i801|piix4/i;
const SERIAL_FOLDER = "/dev/serial/by-id";

/** A place on a bus that a running driver asks. */
export interface BusPlace {
  readonly i2cBus: number;
  readonly address: number;
}

/**
 * Looks for sensors on this machine: what the kernel drives first, then chips that it does not.
 * Chips in use are left alone, and left out.
 */
export async function scanSensors(
  hardware: Hardware,
  timers: Timers,
  inUse: readonly BusPlace[] = [],
): Promise<Scan> {
  const { files, i2c } = hardware;
  const found: Found[] = [];
  const troubles: { where: string; says: string }[] = [];
  for (const { id, name, channels } of await kernelDevices(files)) {
    const kinds = [...new Set(channels.map(({ kind }) => kind))].join(", ");
    const item = { platform: "iio", name: nameOf(name), device: name };
    found.push({ where: id, what: `${name}: ${kinds}`, item, use: "by itself" });
  }
  for (const id of await w1Thermometers(files)) {
    const item = { platform: "w1", name: nameOf(`w1-${id}`), id };
    found.push({ where: `w1 ${id}`, what: "1-Wire thermometer", item, use: "by itself" });
  }
  const buses = await busNumbers(files);
  for (const number of buses) {
    try {
      const here = inUse.filter(({ i2cBus }) => i2cBus === number);
      const taken = new Set(here.map(({ address }) => address));
      const all = await scanI2c(i2c(number), timers, taken);
      found.push(...all.map((one) => onBus(number, one)));
    } catch (error) {
      troubles.push({ where: `i2c-${number}`, says: lineOf(error) });
    }
  }
  for (const link of await files.list(SERIAL_FOLDER)) {
    const path = `${SERIAL_FOLDER}/${link}`;
    const item = { platform: "serial", name: "box", path };
    found.push({ where: path, what: "serial port", item, use: "once configured" });
  }
  return { found: withOwnNames(found), troubles, buses };
}

/** The numbers of the I2C buses that sensors may be on. */
export async function busNumbers(files: Hardware["files"]): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (const entry of await files.list("/dev")) {
    const number = /^i2c-(\d+)$/.exec(entry)?.[1];
    if (number === undefined) continue;
    const name = await files.read(`/sys/class/i2c-dev/i2c-${number}/name`).catch(() => "");
    if (!NOT_FOR_SENSORS.test(name)) numbers.push(Number(number));
  }
  return numbers.sort((left, right) => left - right);
}

function onBus(bus: number, { address, chip, certainty, platform }: Answering): Found {
  const seen = { where: `i2c-${bus} ${hexOf(address)}`, what: chip };
  if (platform === undefined) return { ...seen, use: "not" };
  if (platform === "iio") {
    const what = `${chip}: load its kernel driver (dtoverlay=i2c-sensor), then platform iio`;
    return { ...seen, what, use: "not" };
  }
  const item: SensorItem = {
    platform,
    name: platform,
    ...(bus === I2C_BUS_DEFAULT ? {} : { i2c_bus: bus }),
    ...(address === ADDRESS_DEFAULT[platform] ? {} : { address }),
    ...(platform === "ads1115" ? { channel: 0, kind: "voltage" } : {}),
  };
  // Which input of a converter means what, nobody can know.
  const isClear = certainty === "known" && platform !== "ads1115";
  return { ...seen, item, use: isClear ? "by itself" : "once configured" };
}

/** The lines of `sensors:` to paste for what was found, addresses in hexadecimal. */
export function linesOf(items: readonly SensorItem[]): readonly string[] {
  return items.flatMap((item) =>
    Object.entries(item).map(([key, value], at) => {
      const text = key === "address" && typeof value === "number" ? hexOf(value) : String(value);
      return `${at === 0 ? "  - " : "    "}${key}: ${text}`;
    }),
  );
}

function nameOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
}

/** Two of one kind get numbers. */
function withOwnNames(all: readonly Found[]): readonly Found[] {
  const taken = new Map<string, number>();
  return all.map((one) => {
    if (one.item === undefined) return one;
    const { name } = one.item;
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return count === 1 ? one : { ...one, item: { ...one.item, name: `${name}-${count}` } };
  });
}
