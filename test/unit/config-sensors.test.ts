import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { checkConfig } from "../../src/config/check.ts";
import { completeConfig } from "../../src/config/config.ts";

async function sensorsOf(text: string) {
  const checked = await checkConfig("w.yaml", `sensors:\n${text}`);
  assert.ok(checked.ok, JSON.stringify(checked));
  return completeConfig(checked.value, { env: {}, hostname: "pi", homedir: "/home/pi" }).sensors;
}

async function problem(text: string): Promise<string> {
  const checked = await checkConfig("w.yaml", `sensors:\n${text}`);
  return checked.ok ? "none" : (checked.error[0] ?? "");
}

const common = { name: "a", updateIntervalMs: 10_000, filters: {} };

test("every platform has its defaults, as boards come", async () => {
  const i2c = (platform: string, address: number) => ({ ...common, platform, i2cBus: 1, address });
  const cases: readonly (readonly [text: string, expected: object])[] = [
    ["{ platform: bme280, name: a }", i2c("bme280", 0x76)],
    ["{ platform: sht3x, name: a, address: 0x45 }", i2c("sht3x", 0x45)],
    ["{ platform: bh1750, name: a }", i2c("bh1750", 0x23)],
    ["{ platform: scd4x, name: a, altitude: 520 }", { ...i2c("scd4x", 0x62), altitude: 520 }],
    [
      "{ platform: ads1115, name: a, channel: 2, kind: sound }",
      { ...i2c("ads1115", 0x48), channel: 2, gain: 4.096, kind: "sound", scale: 1, windowMs: 250 },
    ],
    [
      "{ platform: gpio, name: a, pin: 17, kind: motion }",
      { ...common, platform: "gpio", pin: 17, kind: "motion", inverted: false, debounceMs: 30 },
    ],
    [
      "{ platform: door_counter, name: a, pin_outside: 17, pin_inside: 27, inverted: yes }",
      { ...common, platform: "door_counter", pinOutside: 17, pinInside: 27, inverted: true },
    ],
    [
      "{ platform: iio, name: a, device: bme680 }",
      { ...common, platform: "iio", device: "bme680" },
    ],
    ["{ platform: w1, name: a }", { ...common, platform: "w1" }],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(await sensorsOf(`  - ${text}`), [expected], text);
  }
});

test("filters are read under ESPHome's names, in ESPHome's forms", async () => {
  const [sensor] = await sensorsOf(`  - platform: bme280
    name: a
    temperature:
      filters:
        - calibrate_linear: [ "0.0 -> 0.5", "20 -> 19.5" ]
        - calibrate_linear: { method: exact, datapoints: [ "0 -> 1", "-5.5 -> 2" ] }
        - timeout: 60s
        - timeout: { timeout: 1min, value: 0 }
        - sliding_window_moving_average: { window_size: 15, send_every: 5 }
    motion: { filters: [ { delayed_on: 100ms }, { delayed_off: 5s }, { settle: 50ms } ] }`);
  assert.deepEqual(sensor?.filters, {
    temperature: [
      {
        calibrate_linear: {
          datapoints: [
            [0, 0.5],
            [20, 19.5],
          ],
        },
      },
      {
        calibrate_linear: {
          datapoints: [
            [0, 1],
            [-5.5, 2],
          ],
          method: "exact",
        },
      },
      { timeout: { timeout: 60_000 } },
      { timeout: { timeout: 60_000, value: 0 } },
      { sliding_window_moving_average: { window_size: 15, send_every: 5 } },
    ],
    motion: [{ delayed_on: 100 }, { delayed_off: 5_000 }, { settle: 50 }],
  });
});

test("an impossible value is told with what is allowed", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["{ platform: ads1115, name: a, gain: 3.3 }", /gain: .*6\.144, 4\.096/],
    ["{ platform: ads1115, name: a, channel: 4 }", /channel: .*from 0 to 3/],
    ["{ platform: scd4x, name: a, altitude: 4000 }", /altitude: .*from 0 to 3000/],
    ["{ platform: gpio, name: a, pin: 99, kind: motion }", /pin: .*from 0 to 53/],
    ["{ platform: door_counter, name: a, pin_outside: 17 }", /pin_inside/],
    [
      '{ platform: w1, name: a, temperature: { filters: [ { calibrate_linear: ["1 -> 2"] } ] } }',
      /at least two points/,
    ],
  ];
  for (const [text, says] of cases) assert.match(await problem(`  - ${text}`), says, text);
});

test("two sensors on one wire are told, two inputs of one converter are none", async () => {
  const gpio = "{ platform: gpio, name: a, pin: 17, kind: motion }";
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      "{ platform: door_counter, name: b, pin_outside: 27, pin_inside: 17 }",
      /^w\.yaml:3: sensors\.1\.pin_inside: GPIO17 is used by "a" already$/,
    ],
    ["{ platform: gpio, name: b, pin: 17, kind: contact, chip: other }", /^none$/],
    ["{ platform: door_counter, name: b, pin_outside: 5, pin_inside: 5 }", /GPIO5 is used by "b"/],
  ];
  for (const [other, says] of cases) assert.match(await problem(`  - ${gpio}\n  - ${other}`), says);
  const chip = (rest: string) => `  - { platform: ${rest} }\n`;
  const bme = chip("bme280, name: a, address: 0x77") + chip("bme280, name: b, address: 0x77");
  assert.match(await problem(bme), /sensors\.1\.address: 0x77 on bus 1 is used by "a" already/);
  const inputs = chip("ads1115, name: a") + chip("ads1115, name: b, channel: 1");
  assert.equal(await problem(inputs), "none");
  assert.match(await problem(inputs + chip("ads1115, name: c, channel: 1")), /input 1 is used/);
});

test("every configuration in docs/hardware.md is good", async () => {
  const guide = readFileSync(new URL("../../../../docs/hardware.md", import.meta.url), "utf8");
  const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  assert.ok(blocks.length >= 5);
  for (const block of blocks) await sensorsOf(block.replace(/^sensors:\n/, ""));
});
