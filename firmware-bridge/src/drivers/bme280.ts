import type BME280 from "bme280-sensor";
import type { PackageBus } from "bme280-sensor";
import type { Millis } from "../../../src/base/time.ts";
import { rounded } from "../../../src/reading/filter-stages.ts";
import type { Kind } from "../../../src/reading/kind.ts";
import { pause } from "../deadline.ts";
import type { Gauge, Measured } from "../gauge.ts";
import { hexOf, type I2cBus } from "../i2c/port.ts";
import { nativeModule } from "../native-module.ts";
import type { Timers } from "../timers.ts";

/** Registers (BME280 datasheet, table 18). */
const CALIBRATION = { register: 0x88, length: 24 } as const;
const CALIBRATION_H1 = 0xa1;
const CALIBRATION_H2 = { register: 0xe1, length: 7 } as const;
const CHIP_ID = 0xd0;
const CONTROL_HUMIDITY = 0xf2;
const STATUS = 0xf3;
const CONTROL = 0xf4;
const DATA = { register: 0xf7, length: 8 } as const;

const ID_BME280 = 0x60;
/** The last is the one on sale; the others are samples (BMP280 datasheet, 4.3.1). */
const IDS_BMP280 = [0x56, 0x57, 0x58];
/** Oversampling 4 of humidity; of temperature and pressure, and measure once ("forced"). */
const HUMIDITY_X4 = 0b011;
const FORCED_X4 = 0b011_011_01;
/** 1.25 + 2.3 x 4 + (2.3 x 4 + 0.575) x 2 ms at most (datasheet, 9.1), rounded up. */
const MEASURE_MS: Millis = 32;
const MEASURING = 0x08;
const MEASURING_POLLS_MAX = 5;
/** What the data registers hold before a first measurement: 0x80000 (datasheet, 5.4.7). */
const NEVER_MEASURED = [0x80, 0x00, 0x00] as const;

export interface Bme280Options {
  readonly busNumber: number;
  readonly bus: I2cBus;
  readonly address: number;
  readonly timers: Timers;
  /** Metres above the sea; where given, pressure is told as it would be at the sea. */
  readonly altitude?: number;
}

/**
 * Bosch BME280 and BMP280, by the package `bme280-sensor`.
 *
 * The package knows the chip's arithmetic. Its own set-up is left out, since that measures all
 * the time, which warms the chip, reads synchronously, and prints; and it gets our bus in the
 * place of its own, so that each transaction has its turn and its deadline.
 */
export class Bme280Gauge implements Gauge {
  private chip: { readonly sensor: BME280; readonly hasHumidity: boolean } | undefined;
  private known: readonly Kind[] = ["temperature", "pressure"];

  constructor(private readonly options: Bme280Options) {}

  kinds(): readonly Kind[] {
    return this.known;
  }

  async measure(): Promise<readonly Measured[]> {
    try {
      this.chip ??= await this.setUp();
      const { sensor, hasHumidity } = this.chip;
      await this.convert();
      const { temperature_C, humidity, pressure_hPa } = await sensor.readSensorData();
      const pressure = atSea(pressure_hPa, this.options.altitude);
      const values: Measured[] = [{ kind: "temperature", value: temperature_C }];
      // To the datasheet's own last digit: more would be the arithmetic's, not the chip's.
      if (hasHumidity) values.push({ kind: "humidity", value: rounded(humidity, 2) });
      return [...values, { kind: "pressure", value: rounded(pressure, 2) }];
    } catch (error) {
      // It may be another chip when it is back.
      this.chip = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {}

  private async setUp() {
    const { bus, address, busNumber } = this.options;
    const [id = 0] = await bus.readRegister(address, CHIP_ID, 1);
    if (id !== ID_BME280 && !IDS_BMP280.includes(id)) throw new Error(otherChip(address, id));
    const main = await bus.readRegister(address, CALIBRATION.register, CALIBRATION.length);
    const hasHumidity = id === ID_BME280;
    const humidity = new Uint8Array(1 + CALIBRATION_H2.length);
    if (hasHumidity) {
      humidity.set(await bus.readRegister(address, CALIBRATION_H1, 1));
      const { register, length } = CALIBRATION_H2;
      humidity.set(await bus.readRegister(address, register, length), 1);
    }
    if (main.every((byte) => byte === main[0])) {
      throw new Error(`the calibration at ${hexOf(address)} is blank: the chip is not well`);
    }
    const { default: Package } = await nativeModule("bme280-sensor", () => import("bme280-sensor"));
    const sensor = new Package({ i2cBusNo: busNumber, i2cAddress: address });
    sensor.i2cBus = packageBus(bus, main, humidity);
    await new Promise<void>((resolve) => sensor.loadCalibration(resolve));
    mendSigns(sensor);
    this.known = hasHumidity
      ? ["temperature", "humidity", "pressure"]
      : ["temperature", "pressure"];
    return { sensor, hasHumidity };
  }

  /** One measurement, after which the chip sleeps and cools. */
  private async convert(): Promise<void> {
    const { bus, address, timers } = this.options;
    await bus.writeRegister(address, CONTROL_HUMIDITY, Uint8Array.of(HUMIDITY_X4));
    await bus.writeRegister(address, CONTROL, Uint8Array.of(FORCED_X4));
    for (let poll = 0; poll < MEASURING_POLLS_MAX; poll++) {
      await pause(timers, MEASURE_MS);
      const [status = 0] = await bus.readRegister(address, STATUS, 1);
      if ((status & MEASURING) === 0) return;
    }
    throw new Error(`the chip at ${hexOf(address)} does not finish measuring: check its supply`);
  }
}

function otherChip(address: number, id: number): string {
  const at = `at ${hexOf(address)} is no BME280 or BMP280 (chip id ${hexOf(id)})`;
  return id === 0x61 ? `${at} but a BME680: use platform iio` : `what answers ${at}`;
}

/** Our bus in the shape that the package takes, calibration already read. */
function packageBus(bus: I2cBus, main: Uint8Array, humidity: Uint8Array): PackageBus {
  const byte = (register: number): number =>
    humidity[register === CALIBRATION_H1 ? 0 : 1 + register - CALIBRATION_H2.register] ?? 0;
  return {
    readI2cBlock: (address, register, length, buffer, done) => {
      if (register === CALIBRATION.register) return done(null, length, main);
      bus.readRegister(address, register, DATA.length).then(
        (bytes) => {
          if (NEVER_MEASURED.every((value, at) => bytes[3 + at] === value)) {
            return done(new Error("the chip measured nothing: check its supply"), 0, buffer);
          }
          done(null, bytes.length, bytes);
        },
        (error: Error) => done(error, 0, buffer),
      );
    },
    readByteSync: (_address, register) => byte(register),
    readWordSync: (_address, register) => byte(register) | (byte(register + 1) << 8),
  };
}

/** The package reads these as unsigned; the datasheet (table 16) has them signed. */
function mendSigns({ cal }: BME280): void {
  cal.dig_H2 = signed(cal.dig_H2, 16);
  cal.dig_H4 = signed(cal.dig_H4, 12);
  cal.dig_H5 = signed(cal.dig_H5, 12);
  cal.dig_H6 = signed(cal.dig_H6, 8);
}

function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

/** The international barometric formula (BMP180 datasheet, 3.7). */
function atSea(pressure: number, altitude: number | undefined): number {
  return altitude === undefined ? pressure : pressure / (1 - altitude / 44_330) ** 5.255;
}
