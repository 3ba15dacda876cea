// What we use of packages that have no types, or that a machine may lack.

declare module "i2c-bus" {
  interface Done {
    readonly bytesRead: number;
    readonly buffer: Uint8Array;
  }
  export interface PromisifiedBus {
    i2cRead(address: number, length: number, buffer: Uint8Array): Promise<Done>;
    i2cWrite(address: number, length: number, buffer: Uint8Array): Promise<unknown>;
    receiveByte(address: number): Promise<number>;
    writeQuick(address: number, bit: 0 | 1): Promise<void>;
    readByte(address: number, register: number): Promise<number>;
    readI2cBlock(a: number, register: number, length: number, buffer: Uint8Array): Promise<Done>;
    writeByte(address: number, register: number, value: number): Promise<void>;
    writeI2cBlock(a: number, register: number, length: number, b: Uint8Array): Promise<unknown>;
    close(): Promise<void>;
  }
  const module: { openPromisified(bus: number): Promise<PromisifiedBus> };
  export default module;
}

declare module "bme280-sensor" {
  export interface PackageBus {
    readI2cBlock(
      address: number,
      register: number,
      length: number,
      buffer: Uint8Array,
      done: (error: Error | null, bytesRead: number, buffer: Uint8Array) => void,
    ): void;
    readByteSync(address: number, register: number): number;
    readWordSync(address: number, register: number): number;
  }
  interface Calibration {
    dig_H2: number;
    dig_H4: number;
    dig_H5: number;
    dig_H6: number;
  }
  export default class BME280 {
    constructor(options: { i2cBusNo: number; i2cAddress: number });
    i2cBus: PackageBus;
    cal: Calibration;
    loadCalibration(done: () => void): void;
    readSensorData(): Promise<{ temperature_C: number; humidity: number; pressure_hPa: number }>;
  }
}

declare module "onoff" {
  export class Gpio {
    constructor(gpio: number, direction: "in", edge: "both");
    readSync(): 0 | 1;
    watch(heard: (error: Error | null | undefined, value: 0 | 1) => void): void;
    unwatchAll(): void;
    unexport(): void;
  }
}
