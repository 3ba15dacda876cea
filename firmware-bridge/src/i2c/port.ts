/**
 * One I2C bus: each call is one transaction, and rejects with one line that says what to do.
 *
 * Addresses have 7 bits, registers 8.
 */
export interface I2cBus {
  /** Does nothing but to see whether a chip answers; the gentlest that is known for an address. */
  probe(address: number): Promise<void>;
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

/** Why a transaction failed: for programs a word, for people a line that says what to do. */
export class I2cError extends Error {
  constructor(
    readonly reason: "permission" | "no bus" | "nobody there" | "held" | "timeout" | "other",
    message: string,
  ) {
    super(message);
  }
}

/** From the kernel's code. */
export function i2cError(bus: number, address: number, detail: string): I2cError {
  const where = `${hexOf(address)} on i2c-${bus}`;
  if (/EACCES|EPERM/.test(detail)) {
    const says = `no permission on /dev/i2c-${bus}: add the user to the group i2c`;
    return new I2cError("permission", says);
  }
  if (/ENOENT|ENODEV/.test(detail)) {
    const mend = 'turn I2C on with "sudo raspi-config nonint do_i2c 0", or set i2c_bus';
    return new I2cError("no bus", `no /dev/i2c-${bus}: ${mend}`);
  }
  // A Pi's adapter says EREMOTEIO, a code that Node has no name for: only the words are left.
  if (/ENXIO|EREMOTEIO|EIO|Remote I\/O error/.test(detail)) {
    const mend = 'check its wiring, and "watercooler sensors scan"';
    return new I2cError("nobody there", `nothing answers at ${where}: ${mend}`);
  }
  if (/EBUSY/.test(detail)) {
    const mend = "use platform iio, or remove its dtoverlay";
    return new I2cError("held", `${where} is held by a kernel driver: ${mend}`);
  }
  if (/ETIMEDOUT|EAGAIN/.test(detail)) {
    const mend = "a chip holds the bus, take its power away and back";
    return new I2cError("timeout", `${where} timed out: ${mend}`);
  }
  return new I2cError("other", `${where}: ${detail.split("\n", 1)[0]}`);
}
