import type { Clock } from "../../src/base/time.ts";
import type { Gauge } from "./gauge.ts";
import type { Hardware } from "./hardware.ts";
import type { GaugeConfig } from "./sensor-config.ts";
import type { Timers } from "./timers.ts";

export interface GaugeDeps {
  readonly hardware: Hardware;
  readonly timers: Timers;
  readonly clock: Clock;
}

/** The gauge of a configured chip; its driver is loaded only now. */
export async function createGauge(config: GaugeConfig, deps: GaugeDeps): Promise<Gauge> {
  const { hardware, timers, clock } = deps;
  switch (config.platform) {
    case "bme280": {
      const { Bme280Gauge } = await import("./drivers/bme280.ts");
      const bus = hardware.i2c(config.i2cBus);
      return new Bme280Gauge({ ...config, busNumber: config.i2cBus, bus, timers });
    }
    case "scd4x": {
      const { Scd4xGauge } = await import("./drivers/scd4x.ts");
      return new Scd4xGauge({ ...config, bus: hardware.i2c(config.i2cBus), timers });
    }
    case "sht3x": {
      const { Sht3xGauge } = await import("./drivers/sht3x.ts");
      return new Sht3xGauge(hardware.i2c(config.i2cBus), config.address, timers);
    }
    case "bh1750": {
      const { Bh1750Gauge } = await import("./drivers/bh1750.ts");
      return new Bh1750Gauge(hardware.i2c(config.i2cBus), config.address, timers);
    }
    case "ads1115": {
      const { Ads1115Gauge } = await import("./drivers/ads1115.ts");
      const bus = hardware.i2c(config.i2cBus);
      return new Ads1115Gauge({ ...config, bus, timers, monotonicMs: () => clock.monotonicMs() });
    }
    case "iio": {
      const { IioGauge } = await import("./drivers/iio.ts");
      return new IioGauge(hardware.files, config.device);
    }
    case "w1": {
      const { W1Gauge } = await import("./drivers/w1.ts");
      return new W1Gauge(hardware.files, config.id);
    }
  }
}
