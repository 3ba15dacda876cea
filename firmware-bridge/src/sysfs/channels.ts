import type { Kind } from "../../../src/reading/kind.ts";

/** One quantity of a chip that the kernel drives. */
export interface Channel {
  readonly kind: Kind;
  /** The kernel's name of it, `temp` or `voltage0`. */
  readonly id: string;
  /** The file with the number. */
  readonly file: string;
  /** Added to the number, where the kernel leaves that to us. */
  readonly offsetFile?: string;
  readonly scaleFile?: string;
  /** From the kernel's unit to ours. */
  readonly factor: number;
}

/**
 * Kinds and units of the Industrial I/O subsystem (Documentation/ABI/testing/sysfs-bus-iio):
 * thousandths of degC, percent and V; kPa; lx; and percent for gases, of which 1 is 10,000 ppm.
 */
const IIO: Readonly<Record<string, { readonly kind: Kind; readonly factor: number }>> = {
  temp: { kind: "temperature", factor: 1e-3 },
  humidityrelative: { kind: "humidity", factor: 1e-3 },
  pressure: { kind: "pressure", factor: 10 },
  illuminance: { kind: "light", factor: 1 },
  concentration_co2: { kind: "co2", factor: 1e4 },
  voltage: { kind: "voltage", factor: 1e-3 },
};
const IIO_FILE =
  /^in_((temp|humidityrelative|pressure|illuminance|concentration_co2|voltage)\d*)_(input|raw)$/;

/** The channels among the files of an IIO device; what the kernel has worked out comes first. */
export function iioChannels(files: readonly string[]): readonly Channel[] {
  const all = new Set(files);
  const channels = new Map<string, Channel>();
  for (const file of files) {
    const [, id = "", type = "", form] = IIO_FILE.exec(file) ?? [];
    const known = IIO[type];
    if (known === undefined || (form === "raw" && all.has(`in_${id}_input`))) continue;
    const beside = (suffix: string) =>
      [`in_${id}_${suffix}`, `in_${type}_${suffix}`].find((name) => all.has(name));
    const offsetFile = form === "raw" ? beside("offset") : undefined;
    const scaleFile = form === "raw" ? beside("scale") : undefined;
    channels.set(id, {
      ...known,
      id,
      file,
      ...(offsetFile === undefined ? {} : { offsetFile }),
      ...(scaleFile === undefined ? {} : { scaleFile }),
    });
  }
  return [...channels.values()];
}

/** The same for hwmon, all in thousandths (Documentation/hwmon/sysfs-interface). */
export function hwmonChannels(files: readonly string[]): readonly Channel[] {
  const kinds: Readonly<Record<string, Kind>> = {
    temp: "temperature",
    humidity: "humidity",
    in: "voltage",
  };
  return files.flatMap((file) => {
    const [, id = "", type = ""] = /^((temp|humidity|in)\d+)_input$/.exec(file) ?? [];
    const kind = kinds[type];
    return kind === undefined ? [] : [{ kind, id, file, factor: 1e-3 }];
  });
}
