import { rounded } from "../../../src/reading/filter-stages.ts";
import type { Kind } from "../../../src/reading/kind.ts";
import type { Gauge, Measured } from "../gauge.ts";
import type { Channel } from "../sysfs/channels.ts";
import { chooseDevice, type KernelDevice, kernelDevices } from "../sysfs/devices.ts";
import type { SensorFiles } from "../sysfs/port.ts";

/** Digits that scaling a decimal fraction of the kernel's may leave; more is a double's dust. */
const DECIMALS = 6;

/** The `iio` platform: whatever the kernel drives under IIO or hwmon. */
export class IioGauge implements Gauge {
  private device: KernelDevice | undefined;

  constructor(
    private readonly files: SensorFiles,
    private readonly wanted: string | undefined,
  ) {}

  kinds(): readonly Kind[] {
    return [...new Set(this.device?.channels.map(({ kind }) => kind))];
  }

  async measure(): Promise<readonly Measured[]> {
    // Looked for again after a failure: a chip that is back may have another number.
    this.device ??= chooseDevice(await kernelDevices(this.files), this.wanted);
    const { channels } = this.device;
    const values: Measured[] = [];
    try {
      for (const channel of channels) {
        const twins = channels.filter(({ kind }) => kind === channel.kind);
        const part = twins.length > 1 ? { part: channel.id } : {};
        values.push({ kind: channel.kind, value: await this.value(channel), ...part });
      }
    } catch (error) {
      const { name } = this.device;
      this.device = undefined;
      throw new Error(whyNot(name, error));
    }
    return values;
  }

  async close(): Promise<void> {}

  private async value(channel: Channel): Promise<number> {
    const { file, offsetFile, scaleFile, factor } = channel;
    const raw = await this.number(file);
    const offset = offsetFile === undefined ? 0 : await this.number(offsetFile);
    const scale = scaleFile === undefined ? 1 : await this.number(scaleFile);
    return rounded((raw + offset) * scale * factor, DECIMALS);
  }

  private async number(file: string): Promise<number> {
    const text = await this.files.read(`${this.device?.folder}/${file}`);
    const value = Number(text);
    if (text === "" || !Number.isFinite(value)) throw new Error(`${file} is no number`);
    return value;
  }
}

function whyNot(name: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENODEV") return `${name} is gone: check its wiring`;
  if (code === undefined) return `${name}: ${message}`;
  return `${name} does not answer its kernel driver (${code}): check wiring and supply`;
}
