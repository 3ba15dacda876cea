/**
 * One I2C bus: each call is one transaction, and rejects with one line that says what to do.
 *
 * Addresses have 7 bits, registers 8.
 */
export interface I2cBus {
  /** Reads `length` bytes from the chip, with no register named. */
  read(address: number, length: number): Promise<Uint8Array>;
  write(address: number, bytes: Uint8Array): Promise<void>;
  /** Reads `length` bytes, 1 to 32 (SMBus's block), from `register` on. */
  readRegister(address: number, register: number, length: number): Promise<Uint8Array>;
  /** Writes 1 to 32 bytes from `register` on. */
  writeRegister(address: number, register: number, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** `0x76`, as wiring tables have it. */
export function hexOf(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}

/** Why a transaction failed, from the kernel's code, with what to do about it. */
export function i2cError(bus: number, address: number, detail: string): string {
  const where = `${hexOf(address)} on i2c-${bus}`;
  if (/EACCES|EPERM/.test(detail)) {
    return `no permission on /dev/i2c-${bus}: add the user to the group i2c`;
  }
  if (/ENOENT|ENODEV/.test(detail)) {
    const mend = 'turn I2C on with "sudo raspi-config nonint do_i2c 0", or set i2c_bus';
    return `no /dev/i2c-${bus}: ${mend}`;
  }
  if (/ENXIO|EREMOTEIO|EIO/.test(detail)) {
    return `nothing answers at ${where}: check its wiring, and "watercooler sensors scan"`;
  }
  if (/EBUSY/.test(detail)) {
    return `${where} is held by a kernel driver: use platform iio, or remove its dtoverlay`;
  }
  if (/ETIMEDOUT|EAGAIN/.test(detail)) {
    return `${where} timed out: a chip holds the bus, take its power away and back`;
  }
  return `${where}: ${detail.split("\n", 1)[0]}`;
}
