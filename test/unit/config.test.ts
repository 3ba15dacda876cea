import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { checkConfig } from "../../src/config/check.ts";
import { completeConfig, nameOf } from "../../src/config/config.ts";
import { parseDuration } from "../../src/config/duration.ts";

async function problems(text: string): Promise<readonly string[]> {
  const checked = await checkConfig("w.yaml", text);
  return checked.ok ? [] : checked.error;
}

test("each mistake is named with its file, line and key", async () => {
  const cases: readonly (readonly [text: string, says: RegExp])[] = [
    ["node: { nam: x }", /^w\.yaml:1: node\.nam: unknown key: did you mean name\?$/],
    ["mesh:\n  active_view: 500", /^w\.yaml:2: mesh\.active_view: .*from 2 to 20/],
    ["mesh:\n  listen: 7946", /^w\.yaml:2: mesh\.listen: .*host:port/],
    ["sensors:\n  - platform: bme28\n    name: a", /^w\.yaml:2: sensors\.0\.platform: .*bme280/],
    ["neighbours:\n  keep: 24", /^w\.yaml:2: neighbours\.keep: /],
    ["a: [", /^w\.yaml:1: /],
    [
      "sensors:\n  - { platform: push, name: a }\n  - { platform: push, name: a }",
      /^w\.yaml:3: sensors\.1\.name: "a" is there twice$/,
    ],
  ];
  for (const [text, says] of cases) {
    const [first = ""] = await problems(text);
    assert.match(first, says);
  }
});

test("the example, an empty file and hexadecimal addresses are good", async () => {
  assert.deepEqual(await problems(""), []);
  const text = "sensors:\n  - { platform: bme280, name: a, address: 0x76, update_interval: 10s }";
  assert.deepEqual(await problems(text), []);
});

test("any text is judged, never thrown at", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      await checkConfig("w.yaml", text);
    }),
    { numRuns: 300 },
  );
});

test("spans and names are read as people write them", () => {
  const spans = ["250ms", "10s", "5min", "24h", "30d"].map(parseDuration);
  assert.deepEqual(spans, [250, 10_000, 300_000, 86_400_000, 2_592_000_000]);
  assert.equal(parseDuration("ten"), undefined);
  assert.equal(nameOf("Meeting Room.local"), "meeting-room");
  const config = completeConfig({}, { env: {}, hostname: "pi", homedir: "/home/pi" });
  assert.equal(config.dataDir, "/home/pi/.local/share/watercooler");
});
