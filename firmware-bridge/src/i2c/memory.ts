import { type I2cBus, i2cError } from "./port.ts";

/** A chip on a bus in memory. What it throws is the kernel's code, ENXIO say. */
export interface MemoryChip {
  read(length: number): Uint8Array;
  write(bytes: Uint8Array): void;
}

/** A bus in memory with chips that can be unplugged, and that can hang; the twin of a real one. */
export class MemoryI2cBus implements I2cBus {
  private readonly chips = new Map<number, MemoryChip>();
  private release: (() => void) | undefined;
  private hanging: Promise<void> | undefined;
  /** The most transactions that were ever under way at once. */
  mostAtOnce = 0;
  transactions = 0;
  private underWay = 0;

  constructor(readonly number = 1) {}

  plugIn(address: number, chip: MemoryChip): void {
    this.chips.set(address, chip);
  }

  unplug(address: number): void {
    this.chips.delete(address);
  }

  /** From now on nothing comes back, until `recover`. */
  hang(): void {
    this.hanging = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  recover(): void {
    this.release?.();
    this.hanging = undefined;
  }

  probe(address: number): Promise<void> {
    return this.transact(address, () => {});
  }

  read(address: number, length: number): Promise<Uint8Array> {
    return this.transact(address, (chip) => chip.read(length));
  }

  write(address: number, bytes: Uint8Array): Promise<void> {
    return this.transact(address, (chip) => chip.write(bytes));
  }

  readRegister(address: number, register: number, length: number): Promise<Uint8Array> {
    return this.transact(address, (chip) => {
      chip.write(Uint8Array.of(register));
      return chip.read(length);
    });
  }

  writeRegister(address: number, register: number, bytes: Uint8Array): Promise<void> {
    return this.transact(address, (chip) => chip.write(Uint8Array.of(register, ...bytes)));
  }

  async close(): Promise<void> {}

  private async transact<T>(address: number, operation: (chip: MemoryChip) => T): Promise<T> {
    this.transactions++;
    this.underWay++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
    try {
      await this.hanging;
      const chip = this.chips.get(address);
      if (chip === undefined) throw new Error("ENXIO");
      return operation(chip);
    } catch (error) {
      throw i2cError(this.number, address, (error as Error).message);
    } finally {
      this.underWay--;
    }
  }
}

/** A chip that is 256 bytes of memory with a pointer that moves on, as many sensors are. */
export class RegisterChip implements MemoryChip {
  readonly registers = new Uint8Array(256);
  /** Registers that a write leaves as they are. */
  readonly readOnly = new Set<number>();
  private pointer = 0;

  load(register: number, bytes: Iterable<number>): void {
    this.registers.set([...bytes], register);
  }

  read(length: number): Uint8Array {
    const bytes = this.registers.slice(this.pointer, this.pointer + length);
    this.pointer = (this.pointer + length) & 0xff;
    return bytes;
  }

  write([register = 0, ...values]: Uint8Array): void {
    this.pointer = register;
    for (const value of values) {
      if (!this.readOnly.has(this.pointer)) this.registers[this.pointer] = value;
      this.pointer = (this.pointer + 1) & 0xff;
    }
  }
}
