import { type Channel, hwmonChannels, iioChannels } from "./channels.ts";
import type { SensorFiles } from "./port.ts";

const IIO_ROOT = "/sys/bus/iio/devices";
const HWMON_ROOT = "/sys/class/hwmon";
/** What is no sensor of a room: the board's own heat and supply, disks, fans. */
const OF_THE_BOARD = /^(cpu|soc|gpu|rpi_|rp1_|nvme|coretemp|k10temp|acpitz|iwlwifi|drivetemp|pwm)/;

/** A chip that a kernel driver reads. */
export interface KernelDevice {
  readonly folder: string;
  /** `iio:device0`, `hwmon1`: may change from boot to boot. */
  readonly id: string;
  /** The chip's name. */
  readonly name: string;
  readonly channels: readonly Channel[];
}

/** All that have something to tell of a room; a chip under both roofs counts once, as IIO. */
export async function kernelDevices(files: SensorFiles): Promise<readonly KernelDevice[]> {
  const iio = await under(files, IIO_ROOT, iioChannels);
  const hwmon = await under(files, HWMON_ROOT, hwmonChannels);
  const taken = new Set(iio.map(({ name }) => name));
  const others = hwmon.filter(
    // 1-Wire thermometers are under hwmon too: those are the w1 platform's.
    ({ name }) => !OF_THE_BOARD.test(name) && !taken.has(name) && !name.startsWith("w1_"),
  );
  return [...iio, ...others];
}

/** The one that `wanted` names, or the only one there is. Throws what else there is. */
export function chooseDevice(
  devices: readonly KernelDevice[],
  wanted: string | undefined,
): KernelDevice {
  const [first, second] = devices;
  const there = devices.map(({ name, id }) => `${name} (${id})`).join(", ");
  if (wanted !== undefined) {
    const found = devices.find(({ name, id }) => name === wanted || id === wanted);
    if (found !== undefined) return found;
    throw new Error(`no kernel device "${wanted}": there is ${there || "none"}, check dtoverlay`);
  }
  if (first === undefined) {
    throw new Error("no IIO or hwmon sensor here: add its dtoverlay to config.txt and reboot");
  }
  if (second === undefined) return first;
  throw new Error(`more than one kernel device, set device to one of: ${there}`);
}

async function under(
  files: SensorFiles,
  root: string,
  channelsOf: (files: readonly string[]) => readonly Channel[],
): Promise<readonly KernelDevice[]> {
  const devices: KernelDevice[] = [];
  for (const id of await files.list(root)) {
    const folder = `${root}/${id}`;
    const channels = channelsOf(await files.list(folder));
    if (channels.length === 0) continue;
    const name = await files.read(`${folder}/name`).catch(() => id);
    devices.push({ folder, id, name, channels });
  }
  return devices;
}
