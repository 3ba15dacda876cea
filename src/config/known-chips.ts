/** Which platform reads a chip that goes by another name; docs/hardware.md has the same. */
const READ_BY: Readonly<Record<string, string>> = {
  am2302: "iio",
  am312: "gpio",
  bme680: "iio",
  bmp280: "bme280",
  dht11: "iio",
  dht22: "iio",
  ds18b20: "w1",
  "hc-sr501": "gpio",
  pir: "gpio",
  scd30: "iio",
  scd40: "scd4x",
  scd41: "scd4x",
  sht30: "sht3x",
  sht31: "sht3x",
  sht35: "sht3x",
  sht40: "iio",
  sht41: "iio",
  sht45: "iio",
};

/** The platform for what somebody took for one, or undefined. */
export function platformOf(said: string): string | undefined {
  const name = said.toLowerCase();
  return Object.hasOwn(READ_BY, name) ? READ_BY[name] : undefined;
}
