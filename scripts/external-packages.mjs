/** What stays beside the bundle: native modules, and what only few nodes ever load. */
export const EXTERNAL = [
  "better-sqlite3",
  "serialport",
  "i2c-bus",
  "onoff",
  "bme280-sensor",
  "@libp2p/*",
  "@multiformats/*",
  "@peculiar/x509",
  "reflect-metadata",
  "@slack/*",
  "undici",
  "mqtt",
];
