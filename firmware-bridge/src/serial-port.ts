import { access, constants } from "node:fs/promises";
import type { OpenByteStream } from "./byte-stream.ts";

export interface SerialPortOptions {
  readonly path: string;
  readonly baud: number;
}

/** Opens a real serial port; the `serialport` package is loaded at the first try, not before. */
export function serialPort(options: SerialPortOptions): OpenByteStream {
  return async (events) => {
    await mayOpen(options.path);
    const { SerialPort } = await import("serialport");
    const port = new SerialPort({ path: options.path, baudRate: options.baud, autoOpen: false });
    let state: "open" | "closed" = "open";
    const end = (reason: string) => {
      if (state === "closed") return;
      state = "closed";
      events.closed(reason);
    };
    port.on("data", (bytes: Uint8Array) => {
      if (state === "open") events.data(bytes);
    });
    const gone = `the device at ${options.path} went away: plug it in again`;
    port.on("close", () => end(gone));
    port.on("error", () => {
      end(gone);
      if (port.isOpen) port.close(() => {});
    });
    await new Promise<void>((resolve, reject) => {
      port.open((error) => {
        if (error === null) resolve();
        else reject(new Error(openingError(options.path, error.message)));
      });
    });
    return {
      close: () => {
        state = "closed";
        return new Promise((resolve) => {
          if (port.isOpen) port.close(() => resolve());
          else resolve();
        });
      },
    };
  };
}

/** The package's own words for these say nothing of groups or paths, so they are asked first. */
async function mayOpen(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Error(openingError(path, code));
  }
}

/** Why a port did not open, with what to do about it. */
export function openingError(path: string, detail: string): string {
  if (/ENOENT|No such file|ENXIO|ENODEV/i.test(detail)) {
    return `no device at ${path}: plug it in, or set path to one that ls /dev/serial/by-id shows`;
  }
  if (/EACCES|EPERM|Permission denied/i.test(detail)) {
    return `no permission on ${path}: add the user to the group dialout`;
  }
  if (/lock|busy|temporarily unavailable/i.test(detail)) {
    return `${path} is in use by another program: stop that one`;
  }
  if (/ioctl|ENOTTY|tcgetattr|attributes/i.test(detail)) {
    return `${path} is not a serial port: set path to one that is`;
  }
  return `can't open ${path}: ${detail.split("\n", 1)[0]}`;
}
