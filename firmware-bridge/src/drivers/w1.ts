import type { Kind } from "../../../src/reading/kind.ts";
import type { Gauge, Measured } from "../gauge.ts";
import type { SensorFiles } from "../sysfs/port.ts";

const ROOT = "/sys/bus/w1/devices";
/** Families of thermometers: DS18S20, DS1822, DS18B20, DS1825, DS28EA00. */
const THERMOMETER = /^(10|22|28|3b|42)-[0-9a-f]{12}$/;
/** What a DS18x20 holds before its first measurement (datasheet): 85 degC. */
const POWER_ON_MILLI = 85_000;
/** It may be that hot, and is then not far below before. */
const HOT_MILLI = 75_000;

/** Ids of the 1-Wire thermometers that the kernel has found. */
export async function w1Thermometers(files: SensorFiles): Promise<readonly string[]> {
  return (await files.list(ROOT)).filter((id) => THERMOMETER.test(id));
}

/** The `w1` platform: a DS18B20 or its kin. */
export class W1Gauge implements Gauge {
  private lastMilli: number | undefined;

  constructor(
    private readonly files: SensorFiles,
    private readonly wanted: string | undefined,
  ) {}

  kinds(): readonly Kind[] {
    return ["temperature"];
  }

  async measure(): Promise<readonly Measured[]> {
    const id = this.wanted ?? (await this.onlyOne());
    const text = await this.files.read(`${ROOT}/${id}/w1_slave`).catch((error: unknown) => {
      throw new Error(whyNot(id, error));
    });
    const milli = parse(id, text);
    if (milli === POWER_ON_MILLI && (this.lastMilli ?? 0) < HOT_MILLI) {
      throw new Error(`${id} lost its power while it measured: feed it by its third wire`);
    }
    this.lastMilli = milli;
    return [{ kind: "temperature", value: milli / 1_000 }];
  }

  async close(): Promise<void> {}

  private async onlyOne(): Promise<string> {
    const found = await w1Thermometers(this.files);
    const [first, second] = found;
    if (first === undefined) {
      throw new Error(
        "no 1-Wire thermometer: check the 4.7 kohm pull-up, and dtoverlay=w1-gpio in config.txt",
      );
    }
    if (second !== undefined) {
      throw new Error(`more than one 1-Wire thermometer, set id to one of: ${found.join(", ")}`);
    }
    return first;
  }
}

function parse(id: string, text: string): number {
  const check = /crc=[0-9a-f]{2} (YES|NO)/.exec(text)?.[1];
  const milli = /t=(-?\d+)/.exec(text)?.[1];
  // All zeros have a right checksum: that is a wire to ground, not 0 degC.
  const isBlank = /^(00 ){9}/.test(text);
  if (check !== "YES" || milli === undefined || isBlank) {
    throw new Error(`${id} gave a wrong checksum: check the pull-up and the length of the wire`);
  }
  return Number(milli);
}

function whyNot(id: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENODEV") return `${id} is gone: check its wiring`;
  return code === undefined ? message : `${id} does not answer (${code}): check its wiring`;
}
