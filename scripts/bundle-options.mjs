// How the daemon is bundled; the bench bundles its own the same way.

/** What stays beside the bundle: native modules, and what only few nodes ever load. */
const EXTERNAL = [
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

export const bundleOptions = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: EXTERNAL,
  banner: {
    js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);',
  },
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: "linked",
  logLevel: "warning",
};
