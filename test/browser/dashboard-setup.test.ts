import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { Browser } from "playwright-core";
import type { BusesView } from "../../src/node/read-side.ts";
import { serve } from "../integration/api-harness.ts";
import { barriers, card, go, launch, reads, shoot, skip } from "./chromium.ts";
import { officeOfSix, open, staticDir } from "./six-rooms.ts";

let browser: Browser | undefined;
before(async () => {
  if (skip === false) browser = await launch();
});
after(() => browser?.close());

test("the set-up view shows each sensor of this Pi with its values as they change", {
  skip,
}, async (context) => {
  const office = officeOfSix();
  const plain = office.self.bind(office);
  let raw = 21.2;
  office.self = () => {
    const value = {
      sensor: "climate",
      kind: "temperature",
      unit: "degC",
      raw,
      value: raw,
    } as const;
    const kinds = ["temperature"] as const;
    const found = { name: "bme280-76", platform: "bme280", kinds, error: undefined };
    return {
      ...plain(),
      sensors: [...plain().sensors, { ...found, state: "ok", values: [value] }],
    };
  };
  const { port } = await serve(context, { office, staticDir });
  const { page } = await open(browser, context, port);
  await go(page, "Set-up");
  await reads(card(page, "bme280-76"), /bme280● measures.*Temperature21\.2 °C/);
  await reads(card(page, "climate"), /✕ fails.*check the wires/);
  raw = 22.7;
  await reads(card(page, "bme280-76"), /Temperature22\.7 °C/);
});

test("what is wired and not used yet comes with lines to paste", { skip }, async (context) => {
  const office = officeOfSix();
  let seen: BusesView = { found: [], troubles: [], buses: 0, lines: [] };
  Object.assign(office, { search: async () => seen });
  const { port } = await serve(context, { office, staticDir });
  const { page } = await open(browser, context, port);
  await go(page, "Set-up");
  await page.getByText("This machine has no I2C bus").waitFor();
  seen = {
    found: [
      { where: "i2c-1 0x44", what: "SHT30, SHT31 or SHT35", state: "used" },
      { where: "i2c-1 0x76", what: "BME280", state: "new" },
      { where: "i2c-1 0x50", what: "a chip that is not known here", state: "unknown" },
    ],
    troubles: [{ where: "i2c-2", says: "/dev/i2c-2: sudo adduser pi i2c" }],
    buses: 2,
    lines: ["sensors:", "  - platform: bme280", "    name: bme280"],
  };
  await reads(card(page, "BME280"), /i2c-1 0x76/);
  await reads(card(page, "a chip that is not known here"), /Nothing to configure/);
  assert.equal(await card(page, "SHT30, SHT31 or SHT35").count(), 0);
  await page.getByRole("alert").filter({ hasText: "sudo adduser pi i2c" }).waitFor();
  const lines = await page.locator("pre").textContent();
  assert.equal(lines, "sensors:\n  - platform: bme280\n    name: bme280\n");
  assert.deepEqual(await barriers(page), []);
  await shoot(page, "found");
});
