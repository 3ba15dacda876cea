import type { PromisifiedBus } from "i2c-bus";
import { nativeModule } from "../native-module.ts";
import { type I2cBus, i2cError } from "./port.ts";

/** Where memories live, and clocks: an empty write may upset them, as i2cdetect(8) warns. */
const READ_ONLY_PROBES = [
  [0x30, 0x37],
  [0x50, 0x5f],
] as const;

type Open = (number: number) => Promise<PromisifiedBus>;

const openPackage: Open = (number) =>
  nativeModule("i2c-bus", async () => (await import("i2c-bus")).default.openPromisified(number));

/** A bus of this machine through `i2c-bus`, loaded and opened at the first transaction. */
export class LinuxI2cBus implements I2cBus {
  private opened: Promise<PromisifiedBus> | undefined;

  constructor(
    private readonly number: number,
    private readonly openBus: Open = openPackage,
  ) {}

  probe(address: number): Promise<void> {
    return this.transact(address, async (bus) => {
      const isMemory = READ_ONLY_PROBES.some(([from, to]) => address >= from && address <= to);
      if (isMemory) await bus.receiveByte(address);
      else await bus.writeQuick(address, 0);
    });
  }

  read(address: number, length: number): Promise<Uint8Array> {
    return this.transact(address, async (bus) => {
      // Some adapters know SMBus alone, which has this one read without a register.
      if (length === 1) return Uint8Array.of(await bus.receiveByte(address));
      const { bytesRead, buffer } = await bus.i2cRead(address, length, Buffer.alloc(length));
      return whole(buffer, bytesRead);
    });
  }

  write(address: number, bytes: Uint8Array): Promise<void> {
    return this.transact(address, async (bus) => {
      await bus.i2cWrite(address, bytes.length, Buffer.from(bytes));
    });
  }

  readRegister(address: number, register: number, length: number): Promise<Uint8Array> {
    return this.transact(address, async (bus) => {
      // Some adapters know no SMBus blocks; all know single bytes.
      if (length === 1) return Uint8Array.of(await bus.readByte(address, register));
      const room = Buffer.alloc(length);
      const { bytesRead, buffer } = await bus.readI2cBlock(address, register, length, room);
      return whole(buffer, bytesRead);
    });
  }

  writeRegister(address: number, register: number, bytes: Uint8Array): Promise<void> {
    return this.transact(address, async (bus) => {
      const [only] = bytes;
      if (bytes.length === 1 && only !== undefined) {
        return bus.writeByte(address, register, only);
      }
      await bus.writeI2cBlock(address, register, bytes.length, Buffer.from(bytes));
    });
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    await opened?.then((bus) => bus.close()).catch(() => {});
  }

  private async transact<T>(
    address: number,
    operation: (bus: PromisifiedBus) => Promise<T>,
  ): Promise<T> {
    const bus = await this.open();
    try {
      return await operation(bus);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // An address that failed stays half open in the package: it would never be tried afresh.
      await this.close();
      throw i2cError(this.number, address, `${code ?? ""} ${message}`.trim());
    }
  }

  private async open(): Promise<PromisifiedBus> {
    this.opened ??= this.openBus(this.number);
    try {
      return await this.opened;
    } catch (error) {
      this.opened = undefined;
      throw error;
    }
  }
}

function whole(buffer: Uint8Array, bytesRead: number): Uint8Array {
  if (bytesRead < buffer.length) throw new Error(`only ${bytesRead} of ${buffer.length} bytes`);
  return new Uint8Array(buffer);
}
